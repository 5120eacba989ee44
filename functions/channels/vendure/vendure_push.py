"""Push: read, compare, write in batches, read back.

Vendure cannot compare and set. What is read just before the write catches all that changed since
the plan; what changes between that read and the write is overwritten, and `after` shows the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from trueup.channel.contract import PushRequest, PushResponse, PushResult, PushRow
from trueup.channel.pacing import Allowance
from vendure_api import Api
from vendure_errors import BusyError, LostAnswerError, OutOfCallsError, RefusedError, ShopError
from vendure_lookup import find_variants
from vendure_places import Shop, read_shop
from vendure_types import SET_STOCK, Updated, Variant

BATCH = 50
CALLS_OF_A_BATCH = 3
NOT_SENT = PushResult(outcome="not_sent", reason="The time or the calls allowed were used up.")


@dataclass(frozen=True, slots=True)
class Write:
    """A row that passed the comparison: `index` in the request, and what it showed before."""

    index: int
    row: PushRow
    variant: Variant
    before: int | None


@dataclass
class Pushing:
    request: PushRequest
    api: Api
    allowance: Allowance
    results: dict[int, PushResult] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    firsts: dict[tuple[str, str], int] = field(default_factory=dict)

    def answer(self) -> PushResponse:
        try:
            self._push_all()
        except OutOfCallsError:
            return self._response()
        except BusyError as error:
            return self._response(busy=error)
        except ShopError as error:
            if not any(result.outcome == "applied" for result in self.results.values()):
                raise
            return self._response(PushResult(outcome="not_sent", reason=str(error)))
        return self._response()

    def _response(self, rest: PushResult = NOT_SENT, busy: BusyError | None = None) -> PushResponse:
        return PushResponse(
            outcome="throttled" if busy else "ok",
            results=[self.results.get(index, rest) for index in range(len(self.request.rows))],
            calls=self.allowance.calls,
            retry_after_seconds=busy.seconds if busy else 0,
            reason=str(busy) if busy else "",
        )

    def _push_all(self) -> None:
        shop = read_shop(self.api)
        for index, row in enumerate(self.request.rows):
            self.firsts.setdefault((row.key, row.location), index)
        for number, batch in enumerate(_batches(self.request.rows)):
            short = self.allowance.is_spent or self.allowance.calls_left < CALLS_OF_A_BATCH
            if number and short:
                return
            self._push_batch(batch, shop)

    def _push_batch(self, batch: Sequence[tuple[int, PushRow]], shop: Shop) -> None:
        variants = find_variants(self.api, [row for _, row in batch])
        writes = []
        for index, row in batch:
            judged = self._judge(index, row, variants, shop)
            if isinstance(judged, PushResult):
                self.results[index] = judged
            else:
                writes.append(judged)
        sent: list[Write] = []
        try:
            self._write(writes, sent)
        finally:
            self._read_back(sent)

    def _judge(
        self, index: int, row: PushRow, variants: dict[str, Variant], shop: Shop
    ) -> PushResult | Write:
        """The result of a row that needs no write, or the write."""
        variant = variants.get(row.key)
        fault = self._fault(index, row, variant, shop)
        if fault or variant is None:
            return PushResult(outcome="rejected", reason=fault)
        before = variant.on_hand(row.location)
        if before != row.expected:
            return PushResult(outcome="stale", before=before)
        if before == row.quantity:
            return PushResult(outcome="applied", before=before, after=before)
        return Write(index, row, variant, before)

    def _fault(self, index: int, row: PushRow, variant: Variant | None, shop: Shop) -> str:
        if variant is None:
            return "The shop has no variant that this key alone names."
        if row.product_id and row.product_id != variant.id:
            return f"The shop's variant of this key is {variant.id}, not {row.product_id}."
        if row.location not in {location.id for location in shop.locations}:
            return "The shop has no such stock location."
        if not variant.is_tracked(shop.tracked):
            return "Vendure does not track the stock of this variant."
        if self.firsts[row.key, row.location] != index:
            return "The same item and location are named before."
        return ""

    def _write(self, writes: Sequence[Write], sent: list[Write]) -> None:
        """Write in one call; where the shop refuses, in halves, so that one row spoils no other.

        `sent` takes the rows that were written or may have been. One call is kept for reading
        them back.
        """
        if not writes or self.allowance.calls_left <= 1:
            return
        try:
            self.api.ask(SET_STOCK, Updated, input=_inputs(writes))
            sent += writes
        except LostAnswerError:
            self.lost |= {write.index for write in writes}
            sent += writes
            raise
        except RefusedError as error:
            self._split(writes, sent, error)

    def _split(self, writes: Sequence[Write], sent: list[Write], error: RefusedError) -> None:
        if len(writes) == 1:
            refused = PushResult(outcome="rejected", before=writes[0].before, reason=str(error))
            self.results[writes[0].index] = refused
            return
        middle = len(writes) // 2
        self._write(writes[:middle], sent)
        self._write(writes[middle:], sent)

    def _read_back(self, sent: Sequence[Write]) -> None:
        if not sent:
            return
        try:
            variants = find_variants(self.api, [write.row for write in sent])
        except (ShopError, OutOfCallsError):
            variants = {}
        for write in sent:
            self.results[write.index] = self._outcome(write, variants.get(write.row.key))

    def _outcome(self, write: Write, now: Variant | None) -> PushResult:
        after = now.on_hand(write.row.location) if now else None
        if write.index in self.lost and after != write.row.quantity:
            reason = "The shop did not say whether it wrote this."
            return PushResult(outcome="unknown", before=write.before, after=after, reason=reason)
        return PushResult(outcome="applied", before=write.before, after=after)


def _batches(rows: Sequence[PushRow]) -> Iterator[Sequence[tuple[int, PushRow]]]:
    numbered = list(enumerate(rows))
    return (numbered[start : start + BATCH] for start in range(0, len(numbered), BATCH))


def _inputs(writes: Sequence[Write]) -> list[dict[str, Any]]:
    """One input a variant, with all its locations."""
    levels: dict[str, list[dict[str, Any]]] = {}
    for write in writes:
        level = {"stockLocationId": write.row.location, "stockOnHand": write.row.quantity}
        levels.setdefault(write.variant.id, []).append(level)
    return [{"id": variant, "stockLevels": changed} for variant, changed in levels.items()]
