"""Explanations in plain English: one sentence or two a finding; times are UTC."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from trueup.domain.time import from_iso
from trueup.explain.facts import Cause, Explanation, Finding

Say = Callable[["Told"], str]


class Told:
    """A finding's evidence, as words of a reader who knows the day of the capture."""

    def __init__(self, finding: Finding, captured_at: int) -> None:
        self.units = finding.units
        self.evidence = finding.evidence
        self.day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=captured_at)).date()

    def time(self, name: str) -> str:
        """``10:42``, and the day where it is another: ``10:42 on 3 May 2026``."""
        moment = from_iso(str(self.evidence[name]))
        clock = f"{moment:%H:%M}"
        return clock if moment.date() == self.day else f"{clock} on {moment.day} {moment:%B %Y}"

    def count(self, name: str) -> int:
        return int(str(self.evidence.get(name, 0)))

    def __getitem__(self, name: str) -> str:
        value = self.evidence[name]
        return ", ".join(value) if isinstance(value, list) else str(value)

    def __contains__(self, name: str) -> bool:
        return name in self.evidence


def sentences(explanation: Explanation, captured_at: int) -> list[str]:
    """What each finding says, in order, and what is unexplained. `captured_at`: milliseconds."""
    said = [sentence(finding, captured_at) for finding in explanation.findings]
    rest = explanation.unexplained
    return [*said, f"{_units(rest)} not explained."] if rest else said


def sentence(finding: Finding, captured_at: int) -> str:
    """One finding, with until when it may take or since when it takes too long."""
    told = Told(finding, captured_at)
    said = _SAID[finding.cause](told)
    if "settling_until" in told:
        return f"{said} Settling until {told.time('settling_until')}."
    if "stale_since" in told:
        return f"{said} Stale since {told.time('stale_since')}."
    return said


def _units(count: int) -> str:
    return f"{abs(count):,} unit{'' if abs(count) == 1 else 's'}"


def _things(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _allocation(told: Told) -> str:
    return f"This account may draw on {told['percent']} % of what is sellable."


def _buffer(told: Told) -> str:
    return f"{_units(told.units)} kept back as a buffer."


def _backorder(told: Told) -> str:
    return f"{_units(told.units)} more may be sold on back-order."


def _floor(told: Told) -> str:
    return f"{_units(told.units)} lacking, and the channel cannot show less than 0."


def _remainder(told: Told) -> str:
    return f"{_units(told.units)} left over of full packs of {told['pack_size']}."


def _cap(told: Told) -> str:
    return f"The channel is shown {told['cap']} at most; there are {told['packs']}."


def _push(told: Told) -> str:
    return (
        f"We set {told['quantity']}, accepted at {told.time('accepted_at')}; "
        f"the channel still shows {told['before']}."
    )


def _lag(told: Told) -> str:
    unseen = _things(told.count("unseen"), "movement")
    return (
        f"The channel shows your stock as of {told.time('as_of')}; it has not seen {unseen} since."
    )


def _missed(told: Told) -> str:
    return f"The channel missed the {_movement(told)}; it has seen later ones."


def _doubled(told: Told) -> str:
    return f"The channel counted the {_movement(told)} twice."


def _movement(told: Told) -> str:
    kind = told["kind"].replace("_", " ")
    return f"{kind} {told['movement']} of {told.time('occurred_at')}"


def _orders(told: Told) -> str:
    return (
        f"The channel sold {_units(told.count('quantity'))} in "
        f"{_things(told.count('count'), 'order')} that your ledger does not have: "
        f"{told['orders']}."
    )


def _sold(told: Told) -> str:
    return (
        f"The channel sold {_units(told.units)} before it was read; "
        f"your ledger dates that {told.time('first_dated')}, after it."
    )


def _in_transit(told: Told) -> str:
    return f"The channel counts {_units(told.count('in_transit'))} in transit as sellable."


def _held(told: Told) -> str:
    names = (("on_hold", "on hold"), ("damaged", "damaged"))
    parts = [f"{_units(told.count(name))} {word}" for name, word in names if name in told]
    return f"The channel counts {' and '.join(parts)} as sellable."


def _reserved(told: Told) -> str:
    return f"The channel takes {_units(told.units)} off for reservations that we had taken off."


def _overwritten(told: Told) -> str:
    return (
        f"We set {told['quantity']} at {told.time('accepted_at')}, and the channel showed it; "
        "then something else set another quantity."
    )


def _edited(told: Told) -> str:
    return (
        f"The channel showed {told['reported_then']} at {told.time('previous_capture')}; since "
        "then nothing moved, was ordered or was set by us: somebody changed it at the channel."
    )


def _packs(told: Told) -> str:
    return f"The channel counts {told['counted']}; a pack has {told['pack_size']} units."


def _swapped(told: Told) -> str:
    return f"The channel shows the quantity of {told['location']} here, and that of here there."


def _component(told: Told) -> str:
    return (
        f"{told['component']} is enough for {_things(told.count('kits'), 'kit')}; "
        f"the channel counts {told['kits_without_it']}, without it."
    )


def _pool(told: Told) -> str:
    if "left_out" in told:
        return f"The channel leaves out the stock of {told['left_out']}."
    return f"The channel counts the stock of {told['counted_alone']} alone."


def _snapshots(told: Told) -> str:
    before = told.time("snapshot_before")
    if "snapshot_after" not in told:
        return f"Stock may have moved since the snapshot of {before}; the next is not there yet."
    after = told.time("snapshot_after")
    return f"Stock moved between the snapshots of {before} and {after}; the channel is between."


_SAID: dict[Cause, Say] = {
    Cause.ALLOCATION: _allocation,
    Cause.BUFFER: _buffer,
    Cause.BACKORDER: _backorder,
    Cause.FLOOR_AT_ZERO: _floor,
    Cause.PACK_REMAINDER: _remainder,
    Cause.CAP: _cap,
    Cause.PUSH_NOT_VISIBLE: _push,
    Cause.LAG: _lag,
    Cause.MISSED_EVENT: _missed,
    Cause.DUPLICATE_EVENT: _doubled,
    Cause.ORDERS_NOT_IMPORTED: _orders,
    Cause.CHANNEL_SOLD: _sold,
    Cause.IN_TRANSIT: _in_transit,
    Cause.HOLD_SHOWN: _held,
    Cause.RESERVATION_TWICE: _reserved,
    Cause.OVERWRITTEN: _overwritten,
    Cause.HAND_EDIT: _edited,
    Cause.PACK_AS_UNITS: _packs,
    Cause.SWAPPED_LOCATIONS: _swapped,
    Cause.KIT_COMPONENT: _component,
    Cause.POOL: _pool,
    Cause.MOVED_BETWEEN_SNAPSHOTS: _snapshots,
}
