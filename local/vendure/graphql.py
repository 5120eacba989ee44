"""One session with one of the shop's GraphQL endpoints."""

from types import TracebackType
from typing import Any, Self

import httpx

TOKEN_HEADER = "vendure-auth-token"  # noqa: S105 - a header's name
SECONDS = 60.0


class VendureError(Exception):
    """The shop refused: its own messages."""


class Session:
    """Sends queries and keeps the token the shop hands out."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=SECONDS, trust_env=False)

    def ask(self, query: str, **variables: Any) -> Any:
        """The ``data`` of the answer. Raises VendureError, also for results that are error types.

        The shop answers refusals with HTTP 200, as ``errors`` or as a result with an ``errorCode``.
        """
        answer = self._http.post("", json={"query": query, "variables": variables})
        if token := answer.headers.get(TOKEN_HEADER):
            self._http.headers["Authorization"] = f"Bearer {token}"
        body = answer.json()
        if "errors" in body:
            raise VendureError("; ".join(error["message"] for error in body["errors"]))
        _refuse_error_results(body["data"])
        return body["data"]

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _refuse_error_results(data: dict[str, Any]) -> None:
    for result in data.values():
        if isinstance(result, dict) and "errorCode" in result:
            raise VendureError(f"{result['errorCode']}: {result.get('message', '')}")
