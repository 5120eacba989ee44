"""Counts beside what was expected before them, as it is known now.

An earlier movement that comes late changes what a count should have found, and no position after
it. A baseline comes after all movements of its instant.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import attrgetter

from trueup.domain.movements import Movement, MovementKind
from trueup.domain.pins import BookPin
from trueup.domain.runs import Head
from trueup.domain.time import milliseconds
from trueup.ledger.blocks import MOVEMENTS, NEVER
from trueup.ledger.positions import Variance
from trueup.ledger.streams import SHARDS, movements_stream, shard_of
from trueup.ports import Ledger, Registry
from trueup.usecases.books import baseline_book, pin_of
from trueup.usecases.ledger.checkpoints import EVER, Asked, pin_upon, stated_before
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.ledger.gathering import gather, gather_sku
from trueup.usecases.places import require_location
from trueup.usecases.variances.expecting import standings

MAX_COUNTS = 100
MAX_BLOCKS = 200
"""Blocks of a shard that are looked through for counts, from the newest on."""

_SKU = attrgetter("sku")


@dataclass(frozen=True, slots=True)
class Counted:
    """A count, and what was expected of its bucket before it; None: that was not known."""

    movement: Movement
    bucket: str
    expected: int | None

    @property
    def delta(self) -> int | None:
        """Base units expected and not found."""
        return None if self.expected is None else self.expected - self.movement.quantity


@dataclass(frozen=True, slots=True)
class CountsPage:
    """The newest recorded first. `whole`: no others are kept."""

    counts: tuple[Counted, ...]
    whole: bool


def counts_of(desk: LedgerDesk, location: str, limit: int = 50) -> CountsPage:
    """The latest counts of a location. NotFoundError: no such location."""
    require_location(desk.registry, location)
    found, whole = _latest(desk.ledger, location, range(SHARDS), limit, None)
    return CountsPage(_told(desk, location, found), whole)


def counts_of_sku(desk: LedgerDesk, location: str, sku: str, limit: int = 20) -> CountsPage:
    """As `counts_of`, of one SKU."""
    require_location(desk.registry, location)
    found, whole = _latest(desk.ledger, location, (shard_of(sku),), limit, sku)
    return CountsPage(_told(desk, location, found), whole)


def last_counts(desk: LedgerDesk, location: str, skus: Collection[str]) -> dict[str, Counted]:
    """The last count of each of some SKUs, by its instant; those without one are left out."""
    shards = sorted({shard_of(sku) for sku in skus})
    found = (_backwards(desk.ledger, location, shard, skus) for shard in shards)
    last: dict[str, Movement] = {}
    for count in filter(None, chain.from_iterable(found)):
        if count.sku not in last or count.order > last[count.sku].order:
            last[count.sku] = count
    return {one.movement.sku: one for one in _told(desk, location, list(last.values()))}


def _latest(
    ledger: Ledger, location: str, shards: Iterable[int], limit: int, sku: str | None
) -> tuple[list[Movement], bool]:
    wanted = None if sku is None else (sku,)
    found: list[Movement] = []
    whole = True
    for shard in shards:
        counts = list(islice(_backwards(ledger, location, shard, wanted), limit + 1))
        whole = whole and None not in counts
        found += filter(None, counts)
    found.sort(key=lambda m: (m.recorded_at, m.order), reverse=True)
    return found[:limit], whole and len(found) <= limit


def _backwards(
    ledger: Ledger, location: str, shard: int, skus: Collection[str] | None
) -> Iterator[Movement | None]:
    """Counts, the newest recorded first; None: older blocks are not looked through."""
    stream, last = movements_stream(location), ledger.last(movements_stream(location), shard)
    least = max(0, last - MAX_BLOCKS)
    step = 16
    while last > least:
        first = max(least, last - step)
        for _, block in reversed(list(ledger.read(stream, shard, first, last))):
            if block.counts_from != NEVER:
                yield from (m for m in reversed(MOVEMENTS.entries(block)) if _is_count(m, skus))
        last = first
    if least:
        yield None


def _is_count(movement: Movement, skus: Collection[str] | None) -> bool:
    count = movement.kind == MovementKind.COUNT and not movement.claim
    return count and (skus is None or movement.sku in skus)


def _told(desk: LedgerDesk, location: str, counts: Sequence[Movement]) -> tuple[Counted, ...]:
    """Each with what was expected, those upon one baseline together."""
    baselines = _baselines(desk.registry, location)
    expected: dict[tuple[str, str], Variance] = {}
    keyed = [(_upon(baselines, count.occurred_at), count) for count in counts]
    keyed.sort(key=lambda pair: (pair[0], pair[1].sku))
    for index, group in groupby(keyed, key=lambda pair: pair[0]):
        baseline = baselines[index] if index >= 0 else None
        expected |= _expected(desk, location, baseline, [count for _, count in group])
    return tuple(_counted(count, expected) for count in counts)


def _counted(count: Movement, expected: Mapping[tuple[str, str], Variance]) -> Counted:
    found = expected.get((count.sku, f"{count.source}:{count.id}"))
    return Counted(count, count.bucket or "on_hand", found.expected if found else None)


def _baselines(registry: Registry, location: str) -> list[BookPin]:
    """Those that are kept, by their instants."""
    head = registry.get(Head, baseline_book(location))
    known = stated_before(registry, location)
    pins = [pin_of(one) for one in [*known, *([head.value] if head else [])]]
    return sorted(pins, key=lambda pin: (_at(pin), pin.version))


def _at(pin: BookPin) -> int:
    return 0 if pin.as_of is None else milliseconds(pin.as_of)


def _upon(baselines: Sequence[BookPin], at: int) -> int:
    """The index of the baseline that a count of an instant comes after; -1: none."""
    return next((i for i in range(len(baselines) - 1, -1, -1) if _at(baselines[i]) < at), -1)


def _expected(
    desk: LedgerDesk, location: str, baseline: BookPin | None, counts: Sequence[Movement]
) -> dict[tuple[str, str], Variance]:
    first = min(count.occurred_at for count in counts) - 1
    pin = pin_upon(desk.registry, desk.ledger, location, baseline, Asked(at=max(first, 0)))
    skus = sorted({count.sku for count in counts})
    if len(skus) == 1:
        told = {skus[0]: gather_sku(desk.ledger, pin, skus[0])}
    else:
        wanted = set(skus)
        moves = (m for m in gather(desk.ledger, pin) if m.sku in wanted)
        told = {sku: list(of_it) for sku, of_it in groupby(moves, key=_SKU)}
    return {
        (sku, variance.movement): variance
        for sku, standing in standings(desk.pages, pin, skus, told)
        for variance in standing.at(EVER).variances
    }
