"""Outside events put into our words, and who may tell them.

Pure: what is known of the source and the seller comes in, movements or flaws come out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from trueup.domain.movements import Movement, MovementKind
from trueup.domain.sources import EVERYWHERE, Domain, Ownership, Rules, Source, rule_for
from trueup.usecases.intake.events import STATUS_CHANGE, Event, Flaw, read_events
from trueup.usecases.intake.plain import Plain


@dataclass(frozen=True)
class Setting:
    """What events are read with. `exists` tells whether the seller has a location."""

    source: Source
    exists: Callable[[str], bool]
    rules: Rules = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one event; `refusal` says why its source may not tell it."""

    id: str
    movements: tuple[Movement, ...]
    refusal: str | None = None


def normalise(setting: Setting, raw: Sequence[Any], flaws: list[Flaw]) -> list[Reading | None]:
    """Events as movements, in their order; None where one has flaws, which are all added."""
    readings = read_rows(setting, raw, flaws)
    flaws.extend(_repeats(readings))
    return readings


def read_rows(setting: Setting, raw: Sequence[Any], flaws: list[Flaw]) -> list[Reading | None]:
    """As `normalise`, for a part of a whole whose ids somebody else compares."""
    return [
        None if event is None else _reading(setting, index, event, flaws)
        for index, event in enumerate(read_events(raw, flaws))
    ]


def _repeats(readings: Iterable[Reading | None]) -> Iterator[Flaw]:
    """Ids that are given to two different events. The same event twice does no harm."""
    first: dict[str, tuple[int, Reading]] = {}
    for index, reading in enumerate(readings):
        if reading is not None:
            earlier, said = first.setdefault(reading.id, (index, reading))
            if said != reading:
                yield Flaw(index, "id", f"is that of event {earlier} too, which says another thing")


def _reading(setting: Setting, index: int, event: Event, flaws: list[Flaw]) -> Reading | None:
    found: list[tuple[str, str]] = []
    movements = Plain(setting.source, setting.exists, event, found).movements()
    flaws.extend(Flaw(index, name, reason) for name, reason in found)
    if found:
        return None
    rule = _rule_against(setting, event, movements[0].location)
    claim = setting.source.kind == "channel" or (rule is not None and rule.others == "claim")
    if claim:
        movements = tuple(msgspec.structs.replace(one, claim=True) for one in movements)
    return Reading(event.id, movements, None if claim or rule is None else _refusal(rule))


_OF_STATUSES = frozenset(
    kind.word
    for kind in (MovementKind.DAMAGE, MovementKind.EXPIRE, MovementKind.HOLD, MovementKind.UNHOLD)
) | {STATUS_CHANGE}


def _rule_against(setting: Setting, event: Event, location: str) -> Ownership | None:
    """The rule that gives what the event tells to another source, if one does."""
    domain = Domain.STATUSES if event.kind in _OF_STATUSES else Domain.MOVEMENTS
    rule = rule_for(setting.rules, domain, location)
    return None if rule is None or rule.source == setting.source.code else rule


def _refusal(rule: Ownership) -> str:
    where = "of all locations" if rule.location == EVERYWHERE else f"at {rule.location}"
    return f"The {rule.domain.value} {where} are told by {rule.source} alone."
