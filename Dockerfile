# syntax=docker/dockerfile:1
# An exact tag; a digest where you have one: --build-arg BASE=python:3.11.14-slim-bookworm@sha256:…
ARG BASE=python:3.11.14-slim-bookworm
FROM ${BASE} AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock ./
RUN python -m venv /app/.venv && /app/.venv/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY workflows workflows
COPY mcp_server mcp_server
RUN /app/.venv/bin/pip install --no-deps .

FROM ${BASE}
# A user for each role that keeps something, and a directory that nobody else may enter; compose.yaml names them.
RUN apt-get update && apt-get install --no-install-recommends -y ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home clew \
    && install -d -m 0700 -o 10001 -g 10001 /data \
    && install -d -m 0700 -o 10002 -g 10002 /data-temporal \
    && install -d -m 0700 -o 10004 -g 10004 /data-bot
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH CLEW_DATA_DIR=/data HOME=/tmp PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /data
ENTRYPOINT ["clew"]
CMD ["up"]
