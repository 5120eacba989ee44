"""Taking a batch of events in: all of it is read first, then each movement is stored once.

A batch with faults stores nothing. Whoever dies on the way sends the same again: what is stored
already is found to be, and the rest is added.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trueup.domain.errors import Fault, RejectedError
from trueup.domain.movements import Movement
from trueup.domain.time import Clock
from trueup.ledger.streams import movements_stream
from trueup.ports import Ledger, Registry
from trueup.usecases.intake.correcting import record_corrections
from trueup.usecases.intake.events import MAX_EVENTS, Flaw
from trueup.usecases.intake.normalising import Reading, normalise
from trueup.usecases.intake.setting import setting_of
from trueup.usecases.ledger.agenda import arrange_closing, arrange_tending
from trueup.usecases.ledger.appending import Appended, append, with_inbound


@dataclass(frozen=True)
class Gate:
    """The ports that events come in through, of one seller."""

    registry: Registry
    ledger: Ledger
    clock: Clock


class Fate(StrEnum):
    """What became of an event. Where its movements fared differently, the first of these."""

    REFUSED = "refused"
    CONFLICT = "conflict"
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One event's fate, and why where it was not stored. `claim`: it changes no position."""

    id: str
    fate: Fate
    reason: str | None = None
    claim: bool = False


_ORDER = list(Fate)
_CONFLICT = "This id is known already, and what it said then is something else."


def take(gate: Gate, source: str, raw: Sequence[Any]) -> list[Outcome]:
    """Store the events of a batch, in their order.

    NotFoundError: there is no such source. RejectedError with the faults of all events: nothing
    was stored. RetryLaterError: send the same again.
    """
    if not 0 < len(raw) <= MAX_EVENTS:
        fault = Fault("/movements", f"must be 1 to {MAX_EVENTS}")
        raise RejectedError("The batch has too few or too many events.", (fault,))
    flaws: list[Flaw] = []
    readings = normalise(setting_of(gate.registry, source), raw, flaws)
    if flaws:
        raise RejectedError("Some events are wrong; none was stored.", faults_of(flaws))
    told = [reading for reading in readings if reading is not None]
    corrected = [m for one in told if one.refusal is None for m in one.movements]
    record_corrections(gate.registry, gate.clock, source, corrected)
    return store(gate, told)


def faults_of(flaws: Iterable[Flaw], name: str = "movements") -> tuple[Fault, ...]:
    """Flaws as JSON pointers into a body, in the order of the events."""
    return tuple(Fault(_pointer(name, flaw), flaw.reason) for flaw in sorted(flaws))


def _pointer(name: str, flaw: Flaw) -> str:
    field = flaw.field.replace("~", "~0").replace("/", "~1")
    return f"/{name}/{flaw.at}" + (f"/{field}" if field else "")


def store(gate: Gate, readings: Sequence[Reading]) -> list[Outcome]:
    """Append what may be stored, location by location, and tell what became of each event."""
    fates: list[list[tuple[Fate, str | None]]] = [_refused(reading) for reading in readings]
    for location, parts in _by_location(readings).items():
        stream, movements = movements_stream(location), [movement for _, movement in parts]
        arrange_closing(gate.registry, gate.clock, location)
        arrange_tending(gate.registry, gate.clock, location, movements)
        appended = append(gate.ledger, gate.clock, stream, movements)
        arrange_tending(gate.registry, gate.clock, location, movements)
        for index, fate in fates_of(appended):
            fates[parts[index][0]].append(fate)
    return [_outcome(reading, found) for reading, found in zip(readings, fates, strict=True)]


def _refused(reading: Reading) -> list[tuple[Fate, str | None]]:
    return [] if reading.refusal is None else [(Fate.REFUSED, reading.refusal)]


Parts = dict[str, list[tuple[int, Movement]]]


def _by_location(readings: Sequence[Reading]) -> Parts:
    """Movements with the index of their event; a transfer out is one of two locations."""
    parts: Parts = defaultdict(list)
    for index, reading in enumerate(readings):
        if reading.refusal is None:
            for movement in with_inbound(reading.movements):
                parts[movement.location].append((index, movement))
    return parts


def fates_of(appended: Appended) -> Iterator[tuple[int, tuple[Fate, str | None]]]:
    """What became of each of what was appended, by its index, and why."""
    yield from ((index, (Fate.ACCEPTED, None)) for index in appended.accepted)
    yield from ((index, (Fate.DUPLICATE, None)) for index in appended.duplicates)
    yield from ((index, (Fate.CONFLICT, _CONFLICT)) for index in appended.conflicts)
    yield from ((index, (Fate.REFUSED, why)) for index, why in appended.refused.items())


def _outcome(reading: Reading, fates: Iterable[tuple[Fate, str | None]]) -> Outcome:
    fate, reason = worst(fates)
    claim = any(movement.claim for movement in reading.movements)
    return Outcome(reading.id, fate, reason, claim)


def worst(fates: Iterable[tuple[Fate, str | None]]) -> tuple[Fate, str | None]:
    """The fate of what has several parts."""
    return min(fates, key=lambda pair: _ORDER.index(pair[0]))


def counted(outcomes: Iterable[Outcome]) -> dict[Fate, int]:
    """How many of each fate, all named."""
    counts = Counter(outcome.fate for outcome in outcomes)
    return {fate: counts[fate] for fate in Fate}
