"""Causes told by how the stock stands: which of its parts and places the channel counts."""

from collections.abc import Iterator, Sequence
from functools import partial

from trueup.explain.facts import Cause, Evidence, Sibling
from trueup.explain.predicting import Candidate, Changes, Row
from trueup.explain.replaying import Parts


def under_way(row: Row, stood: Sequence[Parts] | None = None) -> Iterator[Candidate]:
    """With goods in transit. `stood`: of each trail, where not as of the capture."""
    parts = row.parts if stood is None else stood
    moving = {i: part.in_transit for i, part in enumerate(parts) if part.in_transit > 0}
    if moving:
        evidence = partial(_counted, {"in_transit": moving})
        yield Candidate(Cause.IN_TRANSIT, evidence, moving)


def held(row: Row, stood: Sequence[Parts] | None = None) -> Iterator[Candidate]:
    """With goods on hold, with damaged ones, with both. `stood`: as of `under_way`."""
    parts = row.parts if stood is None else stood
    on_hold = {i: part.on_hold for i, part in enumerate(parts) if part.on_hold > 0}
    damaged = {i: part.damaged for i, part in enumerate(parts) if part.damaged > 0}
    if on_hold:
        yield Candidate(Cause.HOLD_SHOWN, partial(_counted, {"on_hold": on_hold}), on_hold)
    if damaged:
        yield Candidate(Cause.HOLD_SHOWN, partial(_counted, {"damaged": damaged}), damaged)
    if on_hold and damaged:
        both = {i: on_hold.get(i, 0) + damaged.get(i, 0) for i in on_hold.keys() | damaged.keys()}
        evidence = partial(_counted, {"on_hold": on_hold, "damaged": damaged})
        yield Candidate(Cause.HOLD_SHOWN, evidence, both)


def _counted(parts: dict[str, Changes]) -> Evidence:
    return {name: sum(units.values()) for name, units in parts.items()}


def swapped(row: Row) -> Iterator[Candidate]:
    """Another location's quantity here, and ours there."""
    for other in sorted(row.facts.siblings, key=lambda sibling: sibling.location):
        if other.reported == row.facts.publishable:
            yield Candidate(
                Cause.SWAPPED_LOCATIONS, partial(_exchanged, other), shown=other.publishable
            )


def _exchanged(other: Sibling) -> Evidence:
    return {
        "location": other.location,
        "publishable_there": other.publishable,
        "reported_there": other.reported,
    }


def packs(row: Row) -> Iterator[Candidate]:
    """Packs counted as units, or units as packs."""
    pack, terms, units = row.pack, row.terms, row.facts.publishable
    if pack <= 1:
        return
    free = row.facts.sellable * terms.allocation // 100 + terms.backorder - terms.buffer
    capped = free if terms.cap is None else min(free, terms.cap)
    as_units = {units * pack, free, capped}
    for shown in sorted(count for count in as_units if count > 0):
        yield Candidate(Cause.PACK_AS_UNITS, partial(_packed, pack, "packs as units"), shown=shown)
    if units > 0:
        evidence = partial(_packed, pack, "units as packs")
        yield Candidate(Cause.PACK_AS_UNITS, evidence, shown=units // pack)


def _packed(pack: int, counted: str) -> Evidence:
    return {"pack_size": pack, "counted": counted}


def other_components(row: Row) -> Iterator[Candidate]:
    """The kits that are possible without the scarcest component."""
    if len(row.groups) <= 1:
        return
    kits = [row.component(i, {}) for i in range(len(row.groups))]
    scarcest = kits.index(min(kits))
    rest = min(kits[:scarcest] + kits[scarcest + 1 :])
    component = row.facts.components[scarcest]
    evidence = partial(_component, component.sku, kits[scarcest], rest)
    yield Candidate(Cause.KIT_COMPONENT, evidence, shown=row.publishable(rest))


def _component(sku: str, kits: int, rest: int) -> Evidence:
    return {"component": sku, "kits": kits, "kits_without_it": rest}


def members(row: Row) -> Iterator[Candidate]:
    """Without a member of the pool, then with one alone."""
    locations = row.locations
    if len(locations) <= 1:
        return
    for place in locations:
        rest = row.only(place.__ne__)
        evidence = partial(_member, "left_out", place)
        yield Candidate(Cause.POOL, evidence, shown=row.publishable(rest))
    for place in locations:
        evidence = partial(_member, "counted_alone", place)
        yield Candidate(Cause.POOL, evidence, shown=row.publishable(row.only(place.__eq__)))


def _member(how: str, location: str) -> Evidence:
    return {how: location}
