"""A caller of Trueup's HTTP API, as anybody could write one."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from local.demo.errors import DemoError

_SECONDS = 35.0
_TRIES = 5
_UNAUTHORIZED, _NOT_FOUND, _UNAVAILABLE = 401, 404, 503


class Api:
    """Sends JSON with an access token, and signs in again when that has run out."""

    def __init__(self, url: str, sign_in: Callable[[], str]) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False)
        self._sign_in = sign_in
        self._token = sign_in()

    def get(self, path: str) -> Any:
        return self._read(self._send("GET", path, None))

    def find(self, path: str) -> Any:
        """What is there; None if nothing is."""
        answer = self._send("GET", path, None)
        return None if answer.status_code == _NOT_FOUND else self._read(answer)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._read(self._send("POST", path, body))

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self._read(self._send("PUT", path, body))

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._read(self._send("PATCH", path, body))

    def close(self) -> None:
        self._http.close()

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        for _ in range(_TRIES):
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = self._http.request(method, path, json=body, headers=headers)
            if answer.status_code == _UNAUTHORIZED:
                self._token = self._sign_in()
            elif answer.status_code == _UNAVAILABLE:
                time.sleep(float(answer.headers.get("Retry-After", 1)))
            else:
                return answer
        return answer

    @staticmethod
    def _read(answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json() if answer.content else None
        raise DemoError(f"{answer.request.method} {answer.request.url.path}: {_problem(answer)}")


def _problem(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return f"{answer.status_code} {answer.text[:500]}"
    if not isinstance(problem, dict):
        return f"{answer.status_code} {problem}"
    faults = "; ".join(f"{fault['where']} {fault['reason']}" for fault in problem.get("faults", []))
    told = problem.get("detail") or problem.get("message") or problem
    return f"{answer.status_code} {told} {faults}".rstrip()
