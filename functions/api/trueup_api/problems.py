"""Problem details (RFC 9457): what went wrong, with all faults at once."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from trueup.domain.errors import (
    ConflictError,
    CoolingError,
    Fault,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    RetryLaterError,
    UnsupportedError,
)
from trueup.usecases.auth import UnauthenticatedError

MEDIA_TYPE = "application/problem+json"


class FaultView(BaseModel):
    """One fault. `where` is a JSON pointer into the body, or the name of a query parameter."""

    model_config = ConfigDict(extra="forbid")
    where: str
    reason: str


class Problem(BaseModel):
    """What went wrong. `faults` lists everything that is wrong with the request.

    `retry_after`: seconds, only where a location is not free to be forced yet.
    """

    model_config = ConfigDict(extra="forbid")
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    faults: list[FaultView] = []
    documentation: str | None = None
    """Of what the channel cannot do: the page about it."""
    retry_after: int | None = None


class RequestError(Exception):
    """A request that cannot be read, with the status to answer."""

    def __init__(
        self, status: HTTPStatus, detail: str, faults: tuple[Fault, ...] = (), **headers: str
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.faults = faults
        self.headers = headers


_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (RejectedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnsupportedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RetryLaterError, HTTPStatus.SERVICE_UNAVAILABLE),
)


_PHRASES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}
"""As RFC 9110 has them; Python's own follow it from 3.13 on only."""


def phrase(status: HTTPStatus) -> str:
    """The name of a status, the same on every Python."""
    return _PHRASES.get(status, status.phrase)


def status_of(error: Exception) -> HTTPStatus:
    """The status that tells of an error; 500 for what nobody foresaw."""
    if isinstance(error, RequestError):
        return error.status
    found = (status for kind, status in _STATUS if isinstance(error, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_of(error: Exception) -> Problem:
    """What the caller is told; of a defect, nothing but that it was one."""
    status = status_of(error)
    known = status is not HTTPStatus.INTERNAL_SERVER_ERROR
    faults = getattr(error, "faults", ()) if known else ()
    return Problem(
        title=phrase(status),
        status=status,
        detail=str(error) if known else "Something broke on our side; it has been recorded.",
        faults=[FaultView(where=fault.where, reason=fault.reason) for fault in faults],
        documentation=getattr(error, "documentation", None),
        retry_after=error.seconds if isinstance(error, CoolingError) else None,
    )


def headers_of(error: Exception) -> dict[str, str]:
    if isinstance(error, RetryLaterError | CoolingError):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, UnauthenticatedError):
        return {"WWW-Authenticate": "Bearer"}
    return dict(error.headers) if isinstance(error, RequestError) else {}


def faults_of(error: ValidationError, *, pointers: bool) -> tuple[Fault, ...]:
    """Every fault that pydantic found: as JSON pointers, or by the parameter's name."""
    return tuple(Fault(_where(item["loc"], pointers), _reason(item)) for item in error.errors())


def _where(loc: tuple[int | str, ...], pointers: bool) -> str:  # noqa: FBT001 - two notations
    if not pointers:
        return str(loc[0]) if loc else ""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in loc)
    return "".join(f"/{part}" for part in escaped)


def _reason(item: Any) -> str:
    if item["type"] == "extra_forbidden":
        return "is not known here"
    message: str = item["msg"]
    return message.removeprefix("Value error, ")
