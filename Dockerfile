# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock ./
RUN python -m venv /app/.venv && /app/.venv/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY workflows workflows
COPY mcp_server mcp_server
RUN /app/.venv/bin/pip install --no-deps .

FROM python:3.11-slim
RUN apt-get update && apt-get install --no-install-recommends -y ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home clew && mkdir /data && chown clew /data
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH CLEW_DATA_DIR=/data HOME=/data PYTHONUNBUFFERED=1
USER clew
VOLUME /data
ENTRYPOINT ["clew"]
CMD ["up"]
