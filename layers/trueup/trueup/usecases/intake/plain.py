"""One event as movements: where it happened, how much it moves, and what it means."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from trueup.domain.movements import Bucket, Disposition, Movement, MovementKind
from trueup.domain.sources import Source, StockStatus
from trueup.domain.stock import MAX_QUANTITY
from trueup.usecases.intake.changes import changed
from trueup.usecases.intake.events import STATUS_CHANGE, Event


class Plain:
    """One event on its way into our words; flaws are (field, reason)."""

    def __init__(
        self,
        source: Source,
        exists: Callable[[str], bool],
        event: Event,
        flaws: list[tuple[str, str]],
    ) -> None:
        self._source = source
        self._exists = exists
        self._event = event
        self._flaws = flaws

    def movements(self) -> tuple[Movement, ...]:
        """Every check is made, so that all flaws are found; empty if there are any."""
        event = self._event
        location, quantity = self._location(), self._quantity()
        releases, counterpart = self._releases(), self._counterpart(location)
        meaning = self._meaning()
        if self._flaws:
            return ()
        first = Movement(
            kind=int(MovementKind.ADJUSTMENT),
            sku=event.sku,
            location=location,
            quantity=quantity,
            occurred_at=event.milliseconds,
            source=self._source.code,
            id=event.id,
            reference=event.reference,
            actor=event.actor,
            reason=event.reason,
            counterpart=counterpart,
            bin=event.bin,
            releases=releases,
        )
        return tuple(_numbered(first, meaning(quantity)))

    # Where ----------------------------------------------------------------------------------------

    def _location(self) -> str:
        event = self._event
        place = self._source.location_of(event.bin) if event.bin else None
        if event.location is None and not event.bin:
            return self._flaw("location", "is missing: give a location or a bin")
        if event.location is None and place is None:
            return self._flaw("bin", f"{self._source.code} has no bin {event.bin} in a location")
        if place is not None and event.location not in (None, place):
            return self._flaw("bin", f"is in {place} by the bins of {self._source.code}")
        found = event.location or place or ""
        if not self._exists(found):
            return self._flaw("location" if event.location else "bin", _no_location(found))
        return found

    def _counterpart(self, location: str) -> str:
        other = self._event.counterpart
        if other is None:
            return ""
        if self._event.kind not in ("transfer_out", "transfer_in"):
            return self._flaw("counterpart", "is only for transfers")
        if other == location:
            return self._flaw("counterpart", "is the location itself")
        return other if self._exists(other) else self._flaw("counterpart", _no_location(other))

    # How much -------------------------------------------------------------------------------------

    def _quantity(self) -> int:
        quantity = self._units("quantity", self._event.quantity)
        if quantity < 0 and self._event.kind != "adjustment":
            self._flaw("quantity", "must be at least 0: only an adjustment takes away")
        return quantity

    def _releases(self) -> int:
        given = self._event.releases
        if given is None:
            return -1
        if self._event.kind != "ship":
            self._flaw("releases", "is only for ship")
        released = self._units("releases", given)
        if released < 0:
            self._flaw("releases", "must be at least 0")
        return released

    def _units(self, name: str, given: Decimal) -> int:
        """Whole base units; what is left over is never dropped, but a flaw that says how much."""
        unit, sku = self._event.unit, self._event.sku
        each = self._source.base_units(unit, sku)
        if each is None:
            if name == "quantity":
                self._flaw("unit", f"{self._source.code} has no unit {unit} of {sku}")
            return 0
        exact = Fraction(given) * each
        whole = int(exact)
        if exact != whole:
            self._flaw(name, _left_over(given, unit, each, whole, exact - whole))
        elif abs(whole) > MAX_QUANTITY:
            self._flaw(name, f"must be at most {MAX_QUANTITY} base units")
        return whole

    # What -----------------------------------------------------------------------------------------

    def _meaning(self) -> Callable[[int], Iterable[Mapping[str, Any]]]:
        """What the event changes, as fields of each of its movements, for a quantity."""
        event = self._event
        if event.kind == STATUS_CHANGE:
            return self._status_change()
        for name in ("from_status", "to_status"):
            if getattr(event, name):
                self._flaw(name, f"is only for {STATUS_CHANGE}")
        kind = MovementKind[event.kind.upper()]
        fields = {"kind": int(kind), **self._grouped(kind)}
        return lambda quantity: [fields | {"quantity": quantity}]

    def _status_change(self) -> Callable[[int], Iterable[Mapping[str, Any]]]:
        before = self._mapped("from_status", self._event.from_status)
        after = self._mapped("to_status", self._event.to_status)
        for name in ("status", "bucket", "disposition"):
            if getattr(self._event, name):
                self._flaw(name, f"is not for {STATUS_CHANGE}")
        if before is None or after is None:
            return lambda _: ()
        return lambda quantity: changed(before, after, quantity)

    def _grouped(self, kind: MovementKind) -> dict[str, str]:
        """The bucket or the disposition that an event is about."""
        event = self._event
        status = self._mapped("status", event.status) if event.status else None
        if kind is MovementKind.RETURN:
            return {"disposition": self._disposition(status)}
        if event.disposition:
            self._flaw("disposition", "is only for return")
        if event.bucket and event.status:
            self._flaw("bucket", "is given beside a status: give one of the two")
        bucket = Bucket(event.bucket) if event.bucket else status.bucket if status else None
        return {"bucket": self._bucket(kind, bucket, status)}

    def _disposition(self, status: StockStatus | None) -> str:
        event = self._event
        if event.bucket:
            self._flaw("bucket", "is not for return: give a disposition or a status")
        if event.disposition and event.status:
            self._flaw("disposition", "is given beside a status: give one of the two")
        if status in (StockStatus.COMMITTED, StockStatus.IN_TRANSIT):
            self._flaw("status", f"{event.status} means {status}: nothing comes back as that")
        return event.disposition or (_RETURNED.get(status, "") if status else "")

    def _bucket(self, kind: MovementKind, bucket: Bucket | None, status: StockStatus | None) -> str:
        name = "status" if self._event.status else "bucket"
        if kind is MovementKind.COUNT and status is StockStatus.SELLABLE:
            reason = "a count is of all units on hand, or of one bucket; not of what is sellable"
            self._flaw(name, reason)
        if bucket in (None, Bucket.ON_HAND):
            return ""
        if kind not in _ABOUT_BUCKETS:
            self._flaw(name, f"{kind.word} is of sellable goods; it cannot be of {bucket}")
        if kind is MovementKind.RECEIPT and bucket in (Bucket.COMMITTED, Bucket.IN_TRANSIT):
            self._flaw(name, f"nothing is received as {bucket}")
        return bucket.value

    def _mapped(self, name: str, word: str) -> StockStatus | None:
        found = self._source.statuses.get(word)
        if not word:
            self._flaw(name, "is missing")
        elif found is None:
            self._flaw(name, f"{self._source.code} has no status {word} in its status map")
        return found

    def _flaw(self, name: str, reason: str) -> str:
        self._flaws.append((name, reason))
        return ""


_RETURNED = {
    StockStatus.SELLABLE: Disposition.RESTOCK.value,
    StockStatus.DAMAGED: Disposition.DAMAGED.value,
    StockStatus.ON_HOLD: Disposition.QUARANTINE.value,
}
_ABOUT_BUCKETS = (MovementKind.COUNT, MovementKind.ADJUSTMENT, MovementKind.RECEIPT)


def _no_location(code: str) -> str:
    return f"you have no location {code}"


def _left_over(given: Decimal, unit: str, each: int, whole: int, rest: Fraction) -> str:
    of = f" {unit} of {each}" if unit else ""
    return f"{given}{of} is {whole} base units and {rest} of one left over"


def _numbered(first: Movement, parts: Iterable[Mapping[str, Any]]) -> Iterator[Movement]:
    """The first part has the event's id, the others an id with their number behind."""
    for number, fields in enumerate(parts, 1):
        id_ = first.id if number == 1 else f"{first.id}~{number}"
        yield msgspec.structs.replace(first, id=id_, **fields)
