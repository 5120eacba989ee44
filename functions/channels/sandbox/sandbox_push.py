"""Push: compare and set, once for each idempotency key."""

from dataclasses import dataclass

from sandbox_records import Quantities, Receipt
from sandbox_shop import Item, Shop
from sandbox_stock import ATTEMPTS, Stock
from sandbox_store import ChangedError, Store
from trueup.channel.contract import PushRequest, PushResponse, PushResult, PushRow
from trueup.channel.pacing import Allowance

ROWS_A_CALL = 100
NOT_SENT = PushResult(outcome="not_sent", reason="The time or the calls allowed were used up.")
BUSY = "The shop allows no more calls now."


@dataclass
class Pushing:
    request: PushRequest
    store: Store
    shop: Shop
    allowance: Allowance

    def answer(self) -> PushResponse:
        self._stock = Stock(self.store, self.request.account, self.shop)
        results: list[PushResult] = []
        throttled = False
        for number, row in enumerate(self.request.rows):
            if number and self.allowance.is_spent:
                break
            if number % ROWS_A_CALL == 0:
                self.allowance.spend_call()
                throttled = self._is_throttled()
            if throttled:
                break
            results.append(self._push(row))
        left = len(self.request.rows) - len(results)
        return PushResponse(
            outcome="throttled" if throttled else "ok",
            results=results + [NOT_SENT] * left,
            calls=self.allowance.calls,
            retry_after_seconds=self.shop.faults.retry_after_seconds if throttled else 0,
            reason=BUSY if throttled else "",
        )

    def _is_throttled(self) -> bool:
        every = self.shop.faults.throttle_every
        return bool(every) and self.store.count(self.request.account, "calls") % every == 0

    def _push(self, row: PushRow) -> PushResult:
        item = self._stock.find(row.location, row.key)
        fault = self._fault(row, item)
        if fault or item is None:
            return PushResult(outcome="rejected", reason=fault)
        for _ in range(ATTEMPTS):
            try:
                return self._set(row, item)
            except ChangedError:
                continue
        return PushResult(outcome="rejected", reason="This item changes all the time.")

    def _fault(self, row: PushRow, item: Item | None) -> str:
        failing = self.shop.faults.failing_locations.get(row.location)
        if failing is not None:
            return failing
        if item is None:
            return "The shop has no such item at this location."
        return item.read_only

    def _set(self, row: PushRow, item: Item) -> PushResult:
        """ChangedError if somebody else was faster."""
        account = self.request.account
        done = self.store.receipt(account, row.idempotency_key)
        if done is not None:
            return PushResult(outcome="applied", before=done.before, after=done.after)
        old = self.store.change_of(account, self.shop, row.location, row.key)
        held = old or Quantities(item.available, item.allocated)
        before = self._shown(held)
        if before != row.expected:
            return PushResult(outcome="stale", before=before)
        reserved = held.allocated if self.shop.reports == "on_hand" else 0
        new = Quantities(row.quantity - reserved, held.allocated)
        receipt = (row.idempotency_key, Receipt(before, row.quantity))
        self.store.set_quantities(account, self.shop, row.location, row.key, new, old, receipt)
        return self._answered(PushResult(outcome="applied", before=before, after=row.quantity))

    def _answered(self, result: PushResult) -> PushResult:
        losing = self.shop.faults.lose_answers
        if losing and self.store.count(self.request.account, "lost") <= losing:
            return PushResult(outcome="unknown", reason="The shop's answer was lost.")
        return result

    def _shown(self, held: Quantities) -> int | None:
        """What the shop shows, in the sense that it reports and takes."""
        if held.available is None or self.shop.reports == "available":
            return held.available
        return held.available + held.allocated
