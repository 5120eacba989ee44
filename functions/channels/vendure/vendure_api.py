"""Vendure's admin API over HTTP: signing in, asking, and telling its failures apart."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import httpx
import msgspec

from trueup.channel.pacing import Allowance
from vendure_errors import BusyError, LostAnswerError, OutOfCallsError, RefusedError, ShopError
from vendure_secrets import Credentials

T = TypeVar("T")

TOKEN_HEADER = "vendure-auth-token"  # noqa: S105 - a header's name
MAX_ANSWER_BYTES = 20_000_000
LONGEST_SECONDS = 30.0
LEAST_SECONDS = 1.0
WAIT_SECONDS = 15
LONGEST_WAIT_SECONDS = 3600
QUOTED = 300

LOGIN = """mutation ($username: String!, $password: String!) {
  login(username: $username, password: $password) { __typename } }"""


class _Extensions(msgspec.Struct):
    code: str = ""


class _Error(msgspec.Struct):
    message: str = ""
    extensions: _Extensions = msgspec.field(default_factory=_Extensions)


class _Answer(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[_Error] = []


class _Login(msgspec.Struct):
    typename: str = msgspec.field(name="__typename")


class _LoginData(msgspec.Struct):
    login: _Login


class Api:
    """One shop, for as long as one request lasts. `tokens` outlives it, by a key of the caller."""

    def __init__(
        self,
        client: httpx.Client,
        credentials: Credentials,
        allowance: Allowance,
        tokens: dict[str, str],
        key: str,
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._allowance = allowance
        self._tokens = tokens
        self._key = key

    def ask(self, query: str, kind: type[T], **variables: Any) -> T:
        """The data of an answer. Raises the errors of `vendure_errors`."""
        fresh = self._key not in self._tokens
        if fresh:
            self._login()
        try:
            return self._ask(query, kind, variables)
        except RefusedError as error:
            if error.code != "FORBIDDEN" or fresh:
                raise _explained(error) from error
        # The token has expired: once more with a new one.
        self._tokens.pop(self._key, None)
        return self.ask(query, kind, **variables)

    def _login(self) -> None:
        asked = {"username": self._credentials.username, "password": self._credentials.password}
        response = self._post(LOGIN, asked)
        data = self._decode(response, _LoginData)
        if data.login.typename != "CurrentUser":
            raise ShopError("The shop refuses the username and password of the account's secret.")
        token = response.headers.get(TOKEN_HEADER, "")
        if not token:
            raise ShopError("The shop gives no bearer token: its tokenMethod must allow 'bearer'.")
        self._tokens[self._key] = token

    def _ask(self, query: str, kind: type[T], variables: Mapping[str, Any]) -> T:
        return self._decode(self._post(query, variables), kind)

    def _post(self, query: str, variables: Mapping[str, Any]) -> httpx.Response:
        if self._allowance.calls_left == 0:
            raise OutOfCallsError
        self._allowance.spend_call()
        token = self._tokens.get(self._key)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        seconds = min(LONGEST_SECONDS, max(LEAST_SECONDS, self._allowance.seconds_left))
        body = {"query": query, "variables": variables}
        try:
            return _read(self._client, body, headers, seconds, self._allowance.seconds)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise BusyError("The shop cannot be reached.", WAIT_SECONDS) from error
        except httpx.TransportError as error:
            raise LostAnswerError("The shop did not answer in time.", WAIT_SECONDS) from error

    def _decode(self, response: httpx.Response, kind: type[T]) -> T:
        _check_status(response)
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
            if not answer.errors:
                return msgspec.json.decode(answer.data, type=kind)
        except msgspec.MsgspecError as error:
            message = f"{response.request.url.path} does not answer as Vendure's admin API does."
            raise ShopError(message) from error
        raise RefusedError(self._quoted(answer.errors), answer.errors[0].extensions.code)

    def _quoted(self, errors: Iterable[_Error]) -> str:
        """What the shop says, shortened, without control characters or anything secret."""
        text = " ".join("; ".join(error.message for error in errors).split())
        for secret in (self._credentials.password, self._tokens.get(self._key, "")):
            text = text.replace(secret, "…") if secret else text
        return text[:QUOTED]


def _read(
    client: httpx.Client,
    body: Mapping[str, Any],
    headers: Mapping[str, str],
    seconds: float,
    clock: Callable[[], float],
) -> httpx.Response:
    """The whole answer, unless it is larger than anything we asked for can be, or takes longer."""
    ends = clock() + seconds
    with client.stream("POST", "", json=body, headers=headers, timeout=seconds) as response:
        parts, size = [], 0
        for part in response.iter_bytes():
            # The client's timeout is for each read: a body that trickles in would never exceed it.
            if clock() > ends:
                raise httpx.ReadTimeout("too slow")
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise ShopError("The shop's answer is too large.")
            parts.append(part)
    # The body is unpacked already; its headers of packing and length no longer hold.
    kept = {k: v for k, v in response.headers.items() if k in (TOKEN_HEADER, "retry-after")}
    return httpx.Response(
        response.status_code, headers=kept, content=b"".join(parts), request=response.request
    )


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in (429, 503):
        raise BusyError(f"The shop is busy (HTTP {status}).", _retry_after(response))
    if status in (502, 504):
        # A gateway gave up waiting: what is behind it may still have done it.
        raise LostAnswerError(f"The shop did not answer (HTTP {status}).", WAIT_SECONDS)
    if status in (301, 302, 303, 307, 308):
        raise ShopError("The shop's address redirects: configure the address it leads to.")
    # 400 is how GraphQL says that it does not understand; its errors are in the body.
    if status not in (200, 400):
        raise ShopError(f"The shop answers HTTP {status} at {response.request.url.path}.")


def _retry_after(response: httpx.Response) -> int:
    text = response.headers.get("retry-after", "")
    seconds = int(text) if text.isascii() and text.isdigit() else WAIT_SECONDS
    return max(1, min(seconds, LONGEST_WAIT_SECONDS))


def _explained(error: RefusedError) -> ShopError:
    if error.code == "FORBIDDEN":
        return ShopError("The shop's user may not do this: it lacks a permission for stock.")
    return error
