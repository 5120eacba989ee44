"""CPU of comparing and explaining beside comparing alone: `python -m bench explained`.

The rows of `bench.compare`, of which 1 % differ, and movements since the baseline: reservations
and their shipments. Both sides read what is stored and store their rows. The second also reads
the movements, folds them in as of each row's capture, builds the facts of what differs, explains
it and stores the sheets. What a run does once before (gathering the ledger into sorted segments)
is counted with it.
"""

import json
import random
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.compare import Sample, Stored, _cpu, sample, stored, whole_compare
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_pages import MemoryPages
from trueup.books.manifest import save_manifest
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import BASELINE, LISTINGS, MOVEMENTS, OBSERVATIONS, ROWS
from trueup.books.segments import Captured, SegmentSet, SegmentWriter
from trueup.books.writer import write_range
from trueup.compare.join import LinkTerms, PoolMember, compare_with_origin
from trueup.compare.kits import KitStock
from trueup.domain.ledger import LedgerPin
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.runs import BookPin, LocationTerms, Segment, Tally
from trueup.domain.time import from_iso, milliseconds
from trueup.explain.explain import explain
from trueup.ledger.blocks import MAX_ENTRIES, Place
from trueup.ledger.blocks import MOVEMENTS as CODEC
from trueup.ledger.streams import SHARDS, movements_stream, shard_of
from trueup.usecases.members import GatheredMoves, MemberStock
from trueup.usecases.reconcile.episodes import Episodes, PreviousRows
from trueup.usecases.reconcile.explaining import Explaining
from trueup.usecases.reconcile.facts import LedgerFacts
from trueup.usecases.reconcile.gathering import RUN_ROWS, SortedRuns
from trueup.usecases.reconcile.moved import moved_pages
from trueup.usecases.reconcile.sheeting import Sheets

BUDGETS = Path(__file__).parent / "budgets.json"
PLACE = "warehouse"
MOVED = 100_000
_CAPTURED = from_iso("2026-01-01T00:00:00.000Z")
_BASE = _CAPTURED - timedelta(hours=12)
_DAY_MS = 43_200_000


@dataclass(frozen=True, slots=True)
class Explained:
    """CPU seconds, medians. `alone`: the compare without a ledger and explanations.

    `ratio`: of comparing, explaining and gathering to that.
    """

    rows: int
    movements: int
    differing: int
    explained: int
    alone: float
    whole: float
    gathering: float

    @property
    def ratio_without_gathering(self) -> float:
        return self.whole / self.alone

    @property
    def ratio(self) -> float:
        return (self.whole + self.gathering) / self.alone


@dataclass(frozen=True, slots=True)
class Ledgered:
    """A stored sample, the baseline before its movements, and its ledger."""

    made: Stored
    ledger: MemoryLedger
    pin: LedgerPin


def measure(rows: int, movements: int = MOVED, repeats: int = 3) -> Explained:
    """Medians of process CPU seconds; both sides find the same rows differing."""
    data = sample(rows)
    made = stored(data)
    alone, tally = _cpu(lambda: whole_compare(made, ()), repeats)
    shop = ledgered(data, movements)
    gathering, segments = _cpu(lambda: gathered(shop), repeats)
    whole, found = _cpu(lambda: compare_and_explain(shop, segments), repeats)
    assert found.differing + found.explained == tally.differing, (found, tally)
    return Explained(rows, movements, tally.differing, found.explained, alone, whole, gathering)


def ledgered(data: Sample, movements: int, seed: int = 5) -> Ledgered:
    """The same positions as of the captures, from a baseline of before the movements."""
    rng = random.Random(seed)
    told: dict[int, list[Movement]] = defaultdict(list)
    on_hand = list(data.on_hand)
    for number in range(movements // 2):
        row = rng.randrange(len(data.skus))
        sku, units = data.skus[row], rng.randrange(1, 4)
        at = milliseconds(_BASE) + 1 + rng.randrange(_DAY_MS - 2)
        order = f"order-{number:07d}"
        for kind, later in ((MovementKind.RESERVE, 0), (MovementKind.SHIP, 1)):
            told[shard_of(sku)].append(
                Movement(kind, sku, PLACE, units, at + later, "wms", f"{order}-{later}", order)
            )
        on_hand[row] += units
    made = stored(replace(data, on_hand=on_hand))
    ledger = MemoryLedger()
    for shard, entries in told.items():
        _append(ledger, shard, sorted(entries, key=lambda m: m.occurred_at))
    return Ledgered(made, ledger, _pin(made, ledger))


def _append(ledger: MemoryLedger, shard: int, entries: list[Movement]) -> None:
    stream, previous = movements_stream(PLACE), ""
    for sequence, start in enumerate(range(0, len(entries), MAX_ENTRIES), 1):
        place = Place(stream, shard, sequence, previous)
        part = entries[start : start + MAX_ENTRIES]
        block = CODEC.block(place, part, milliseconds(_CAPTURED), "bench")
        ledger.append(stream, shard, sequence, block)
        previous = block.hash


def _pin(made: Stored, ledger: MemoryLedger) -> LedgerPin:
    manifest = save_manifest(made.pages, BASELINE.kind, made.baseline)
    baseline = BookPin(book=BASELINE.kind, version=1, manifest=manifest, as_of=_BASE)
    cut = tuple(ledger.last(movements_stream(PLACE), shard) for shard in range(SHARDS))
    nothing = (0,) * SHARDS
    return LedgerPin(
        location=PLACE, baseline=baseline, covered=nothing, floor=(1,) * SHARDS, cut=cut
    )


def gathered(shop: Ledgered) -> list[Segment]:
    """As planning stores them."""
    runs = SortedRuns(SegmentWriter(shop.made.objects, "ledger/"), MOVEMENTS)
    for page in moved_pages(shop.made.pages, shop.ledger, shop.pin, RUN_ROWS):
        runs.add(Captured(PLACE, "", page))
    return runs.end()


def compare_and_explain(shop: Ledgered, segments: list[Segment]) -> Tally:
    """All that the children of a run do with a ledger."""
    made = shop.made
    baseline = BookReader(made.pages, BASELINE.kind, BASELINE, made.baseline)
    moves = GatheredMoves(SegmentSet(made.objects, segments, MOVEMENTS), PLACE)
    listings = BookReader(made.pages, LISTINGS.kind, LISTINGS, made.listings)
    observed = SegmentSet(made.objects, made.segments, OBSERVATIONS)
    at = milliseconds(_CAPTURED)
    pool = [PoolMember(100, baseline.scan(), movements=moves.scan(None, None))]
    compared = compare_with_origin(
        listings.scan(), pool, observed.scan(PLACE), KitStock(), LinkTerms(), at
    )
    member = MemberStock(
        PLACE,
        100,
        shop.pin.baseline,
        shop.pin.base_at,
        complete=False,
        terms=LocationTerms(),
        moves=moves,
    )
    previous = PreviousRows(None)
    explaining = Explaining(
        LedgerFacts(made.pages, [member], now=at + 60_000),
        explain,
        previous,
        Episodes(previous, 1, at),
    )
    sheets, tally = Sheets(), Tally()

    def pages() -> Iterator[Page]:
        nonlocal tally
        for page, sheet, part in map(explaining.page, compared):
            sheets.add(sheet)
            tally += part
            yield page

    write_range(MemoryPages(), ROWS.kind, ROWS, (), pages(), sheets.of)
    return tally


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--movements", type=int, default=MOVED)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace) -> int:
    """Print the figures; 1 where a budget is missed."""
    results = [report(rows, options.movements, options.repeats) for rows in options.rows]
    for one in results:
        print(json.dumps(one) if options.json else _told(one))
    return int(any(one["missed"] for one in results))


def report(rows: int, movements: int = MOVED, repeats: int = 3) -> dict[str, Any]:
    """The figures of one size, beside the budget that is set for it (None: there is none)."""
    found = measure(rows, movements, repeats)
    budgets: dict[str, float] = json.loads(BUDGETS.read_text())["explained"]
    limit = budgets.get(str(rows))
    ratios = {
        "ratio": round(found.ratio, 2),
        "ratio_without_gathering": round(found.ratio_without_gathering, 2),
    }
    missed = limit is not None and found.ratio > limit
    return {**asdict(found), **ratios, "limit": limit, "missed": missed}


def _told(one: dict[str, Any]) -> str:
    mark = "MISSED" if one["missed"] else "kept"
    return (
        f"{one['rows']:,} rows, {one['movements']:,} movements, "
        f"{one['differing'] + one['explained']:,} rows differ\n"
        f"  compare alone {one['alone']:.3f} s   compare and explain {one['whole']:.3f} s   "
        f"gathering the ledger {one['gathering']:.3f} s\n"
        f"  all of it / compare alone: {one['ratio']} of {one['limit']} ({mark}); "
        f"without gathering: {one['ratio_without_gathering']}"
    )
