"""The four operations on a Vendure shop."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from trueup.channel.contract import (
    Abilities,
    AccountRef,
    Budget,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    Failure,
    FetchRequest,
    FetchResponse,
    Place,
    PushRequest,
    PushResponse,
)
from trueup.channel.pacing import Allowance
from vendure_addresses import admin_url
from vendure_api import Api
from vendure_errors import BusyError, OutOfCallsError, ShopError
from vendure_fetch import Reading
from vendure_places import read_shop
from vendure_push import BATCH, Pushing
from vendure_secrets import Credentials, Secrets

DESCRIBE = Budget(milliseconds=25_000)
ABILITIES = Abilities(
    can_push=True,
    reports="on_hand",
    takes="on_hand",
    push_batch=BATCH,
    documentation="https://docs.vendure.io/guides/core-concepts/stock-control/",
)


class VendureConnector:
    """Keeps sign-ins for as long as the Lambda stays warm; nothing else outlives a request."""

    def __init__(
        self,
        secrets: Secrets,
        transport: httpx.BaseTransport,
        allow_loopback: bool,  # noqa: FBT001
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secrets = secrets
        self._transport = transport
        self._allow_loopback = allow_loopback
        self._now = now
        self._monotonic = monotonic
        self._tokens: dict[str, str] = {}

    def describe(self, request: DescribeRequest) -> DescribeResponse | Failure:
        try:
            with self._api(request.account, self._allowance(DESCRIBE)) as api:
                found = read_shop(api).locations
        except BusyError as error:
            return Failure(
                outcome="throttled", reason=str(error), retry_after_seconds=error.seconds
            )
        except (ShopError, OutOfCallsError) as error:
            return Failure(outcome="failed", reason=str(error))
        places = [Place(id=place.id, code=place.id, name=place.name) for place in found]
        return DescribeResponse(abilities=ABILITIES, locations=places)

    def fetch(self, request: FetchRequest) -> FetchResponse:
        allowance = self._allowance(request.budget)
        try:
            with self._api(request.account, allowance) as api:
                return Reading(request, api, allowance, self._now).answer()
        except ShopError as error:
            return FetchResponse(
                outcome="failed",
                captured_at=self._now().isoformat(),
                calls=allowance.calls,
                reason=str(error),
            )

    def push(self, request: PushRequest) -> PushResponse:
        allowance = self._allowance(request.budget)
        try:
            with self._api(request.account, allowance) as api:
                return Pushing(request, api, allowance).answer()
        except ShopError as error:
            return PushResponse(outcome="failed", calls=allowance.calls, reason=str(error))

    def check(self, _request: CheckRequest) -> CheckResponse:
        return CheckResponse(outcome="unsupported", reason="Vendure applies what it takes at once.")

    def _allowance(self, budget: Budget) -> Allowance:
        return Allowance(budget, self._monotonic)

    @contextmanager
    def _api(self, account: AccountRef, allowance: Allowance) -> Iterator[Api]:
        url = admin_url(account.config.get("url"), allow_loopback=self._allow_loopback)
        credentials = self._secrets.of(account)
        key = _sign_in_key(url, credentials)
        client = httpx.Client(
            base_url=url,
            transport=_Kept(self._transport),
            headers=_headers(account),
            follow_redirects=False,
            trust_env=False,
        )
        with client:
            yield Api(client, credentials, allowance, self._tokens, key)


class _Kept(httpx.BaseTransport):
    """A transport whose connections outlive the client."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inner.handle_request(request)


def _headers(account: AccountRef) -> dict[str, str]:
    """A shop may have several sales channels; the token, which is no secret, chooses one."""
    token = account.config.get("channel_token")
    return {"vendure-token": str(token)} if token else {}


def _sign_in_key(url: httpx.URL, credentials: Credentials) -> str:
    """Another password, such as a rotated one, is another sign-in."""
    parts = "\0".join((str(url), credentials.username, credentials.password))
    return hashlib.sha256(parts.encode()).hexdigest()
