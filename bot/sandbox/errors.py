"""Refusals in the shapes that Mistral's servers use."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

Json = dict[str, Any]


class ApiError(Exception):
    """A refusal. Nothing was stored when it is raised. `body` is what the client reads."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.body = body


def refusal(status: int, message: str, *, kind: str = "invalid_request_error", code: int = 0) -> ApiError:
    """An error of the platform; `code` is its number, as 3001 for missing function results."""
    return ApiError(status, error_body(message, kind=kind, code=code or status * 10))


def error_body(message: str, *, kind: str, code: int) -> Json:
    """The platform's error object."""
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code}


def unknown(what: str, key: str) -> ApiError:
    """404: nothing with that id is here."""
    return refusal(404, f"{what} {key} not found.", kind="not_found")


def unauthorized() -> ApiError:
    """401: no bearer token came with the request."""
    return ApiError(401, {"message": "Unauthorized", "request_id": None})


def invalid(error: ValidationError, *, where: str = "body") -> ApiError:
    """422 for a body or a query that does not fit its schema."""
    found = error.errors(include_url=False, include_context=False)
    detail = [
        {"type": item["type"], "loc": [where, *item["loc"]], "msg": item["msg"], "input": item["input"]}
        for item in found
    ]
    return ApiError(422, {"detail": detail})


def invalid_value(message: str, *location: str | int, kind: str = "value_error") -> ApiError:
    """422 for one value; `location` says where it stood."""
    return ApiError(422, {"detail": [{"type": kind, "loc": list(location), "msg": message, "input": None}]})
