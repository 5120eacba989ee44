"""The four operations on a sandbox shop."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox_fetch import Reading
from sandbox_push import ROWS_A_CALL, Pushing
from sandbox_shop import Shop
from sandbox_store import NoShopError, Store
from trueup.channel.contract import (
    Abilities,
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

NO_SHOP = "This account's sandbox is empty: fill it first."


class SandboxConnector:
    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._pause = pause

    def describe(self, request: DescribeRequest) -> DescribeResponse | Failure:
        shop = self._store.find_shop(request.account)
        if shop is None:
            return Failure(outcome="failed", reason=NO_SHOP)
        places = [
            Place(id=place.id, code=place.code or place.id, name=place.name)
            for place in shop.locations
        ]
        return DescribeResponse(abilities=_abilities(shop), locations=places)

    def fetch(self, request: FetchRequest) -> FetchResponse:
        allowance = self._allowance(request.budget)
        try:
            shop = self._store.shop(request.account)
        except NoShopError:
            captured_at = self._now().isoformat()
            return FetchResponse(outcome="failed", captured_at=captured_at, reason=NO_SHOP)
        return Reading(request, self._store, shop, allowance, self._now, self._pause).answer()

    def push(self, request: PushRequest) -> PushResponse:
        allowance = self._allowance(request.budget)
        try:
            shop = self._store.shop(request.account)
        except NoShopError:
            return PushResponse(outcome="failed", reason=NO_SHOP)
        return Pushing(request, self._store, shop, allowance).answer()

    def check(self, _request: CheckRequest) -> CheckResponse:
        return CheckResponse(outcome="unsupported", reason="The sandbox applies a push at once.")

    def _allowance(self, budget: Budget) -> Allowance:
        return Allowance(budget, self._monotonic)


def _abilities(shop: Shop) -> Abilities:
    return Abilities(
        can_push=True,
        reports=shop.reports,
        takes=shop.reports,
        compare_and_set=True,
        idempotent=True,
        push_batch=ROWS_A_CALL,
        documentation="docs/channels/sandbox.md",
    )
