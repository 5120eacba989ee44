"""CPU of our whole compare, beside a plain-dict outer join and datacompy, from the same rows.

Ours: from stored listings, baseline and fetch segments (decompress, decode) over the join and the
classification to stored pages and sheets (encode, hash, compress), once as a first run and once
against a previous version of which some rows changed. The dicts are ready made, without titles.

`python -m bench.compare --rows 100000 1000000 --json`
"""

import argparse
import gc
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TypeVar

from trueup.adapters.memory_objects import MemoryObjects
from trueup.adapters.memory_pages import MemoryPages
from trueup.books.manifest import Frame, Manifest
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import BASELINE, LISTINGS, OBSERVATIONS, ROWS, BookSchema, Unknown, Unset
from trueup.books.segments import Captured, SegmentSet, SegmentWriter
from trueup.books.writer import write_range
from trueup.compare.join import LinkTerms, PoolMember, compare_pages
from trueup.compare.kits import KitStock
from trueup.compare.sheets import sheet_of
from trueup.domain.runs import Segment, Tally

T = TypeVar("T")

_PLACE = "warehouse"
_CAPTURED = "2026-01-01T00:00:00.000Z"
_SEGMENT_ROWS = 50_000
_DIFFERING = 0.01


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one account at one location: on hand, committed, damaged, reported by SKU."""

    skus: list[str]
    on_hand: list[int]
    committed: list[int]
    damaged: list[int]
    reported: list[int]


@dataclass(frozen=True, slots=True)
class Stored:
    """The same rows as books and segments. `previous`: the rows of an earlier run."""

    pages: MemoryPages
    listings: Manifest
    baseline: Manifest
    objects: MemoryObjects
    segments: tuple[Segment, ...]
    previous: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds, medians. `join_only`: ours without storing pages, only rows in memory."""

    rows: int
    differing: int
    first_run: float
    next_run: float
    join_only: float
    plain_dict: float
    datacompy: float | None

    @property
    def ratio(self) -> float:
        return max(self.first_run, self.next_run) / self.plain_dict


def sample(rows: int, *, seed: int = 7, differing: float = _DIFFERING) -> Sample:
    rng = random.Random(seed)
    skus = sorted(f"SKU-{number:07d}-{number * 7919 % 97:02d}" for number in range(rows))
    on_hand = [rng.randrange(0, 500) for _ in skus]
    committed = [rng.randrange(0, 1 + n // 8) for n in on_hand]
    damaged = [int(o > c and rng.random() < 0.02) for o, c in zip(on_hand, committed, strict=True)]
    reported = [o - c - d for o, c, d in zip(on_hand, committed, damaged, strict=True)]
    for index in rng.sample(range(rows), int(rows * differing)):
        reported[index] += rng.randrange(1, 9)
    return Sample(skus, on_hand, committed, damaged, reported)


def stored(rows: Sample) -> Stored:
    """Books and segments of a sample, and its rows as an earlier run found them."""
    pages, objects = MemoryPages(), MemoryObjects()
    made = Stored(
        pages,
        _book(pages, LISTINGS, _listings(rows)),
        _book(pages, BASELINE, _baseline(rows)),
        objects,
        tuple(_segments(objects, rows)),
    )
    earlier = _book(pages, ROWS, (page for page, _ in compared(made)))
    return Stored(pages, made.listings, made.baseline, objects, made.segments, earlier.frames)


def changed(rows: Sample, share: float, seed: int = 11) -> Sample:
    """The sample after the channel sold one of some share of the rows."""
    rng = random.Random(seed)
    reported = list(rows.reported)
    for index in rng.sample(range(len(reported)), int(len(reported) * share)):
        reported[index] += 1
    return Sample(rows.skus, rows.on_hand, rows.committed, rows.damaged, reported)


def refetched(made: Stored, rows: Sample) -> Stored:
    segments = tuple(_segments(made.objects, rows))
    return Stored(made.pages, made.listings, made.baseline, made.objects, segments, made.previous)


def compared(made: Stored) -> Iterator[tuple[Page, Tally]]:
    """Rows and tallies, from what is stored."""
    listings = BookReader(made.pages, LISTINGS.kind, LISTINGS, made.listings)
    baseline = BookReader(made.pages, BASELINE.kind, BASELINE, made.baseline)
    segments = SegmentSet(made.objects, made.segments, OBSERVATIONS)
    pool = [PoolMember(share=100, pages=baseline.scan())]
    return compare_pages(listings.scan(), pool, segments.scan(_PLACE), KitStock(), LinkTerms())


def whole_compare(made: Stored, previous: Sequence[Frame]) -> Tally:
    """All that the children of a run do."""
    tally = Tally()

    def pages() -> Iterator[Page]:
        nonlocal tally
        for page, part in compared(made):
            tally += part
            yield page

    write_range(
        MemoryPages() if not previous else made.pages, ROWS.kind, ROWS, previous, pages(), sheet_of
    )
    return tally


def plain_join(
    mine: dict[str, tuple[int, int, int]], theirs: dict[str, int]
) -> list[tuple[str, int | None, int | None]]:
    """The yardstick: a full outer join that lists the rows that differ."""
    rows: list[tuple[str, int | None, int | None]] = []
    for sku, (on_hand, committed, damaged) in mine.items():
        sellable = on_hand - committed - damaged
        reported = theirs.get(sku)
        if reported != sellable:
            rows.append((sku, sellable, reported))
    rows.extend((sku, None, reported) for sku, reported in theirs.items() if sku not in mine)
    return rows


def by_datacompy(rows: Sample) -> int:
    """Rows that differ, by datacompy on polars, from Python lists."""
    # A competitor that the product does not need: measured where it is installed.
    datacompy, pl = import_module("datacompy"), import_module("polars")
    sellable = [
        o - c - d for o, c, d in zip(rows.on_hand, rows.committed, rows.damaged, strict=True)
    ]
    mine = pl.DataFrame({"sku": rows.skus, "quantity": sellable})
    theirs = pl.DataFrame({"sku": rows.skus, "quantity": rows.reported})
    comparison = datacompy.PolarsCompare(mine, theirs, join_columns="sku")
    return len(comparison.all_mismatch())


def measure(rows: int, repeats: int = 3) -> Measured:
    """Medians of process CPU seconds; the results of all are checked against each other."""
    data = sample(rows)
    made = stored(data)
    later = refetched(made, changed(data, 0.005))
    mine = dict(
        zip(data.skus, zip(data.on_hand, data.committed, data.damaged, strict=True), strict=True)
    )
    theirs = dict(zip(list(map(_copied, data.skus)), data.reported, strict=True))
    plain, found = _cpu(lambda: plain_join(mine, theirs), repeats)
    first, tally = _cpu(lambda: whole_compare(made, ()), repeats)
    again, _ = _cpu(lambda: whole_compare(later, later.previous), repeats)
    joined, _ = _cpu(lambda: sum(len(page) for page, _ in compared(made)), repeats)
    assert tally.differing == len(found), (tally.differing, len(found))
    rival = None
    if find_spec("datacompy"):
        rival, _ = _cpu(lambda: by_datacompy(data), repeats)
    return Measured(rows, tally.differing, first, again, joined, plain, rival)


def _cpu(work: Callable[[], T], repeats: int) -> tuple[float, T]:
    """Median CPU seconds of this process, without garbage collection, and the last result."""
    seconds = []
    for _ in range(repeats):
        gc.collect()
        gc.disable()
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
        gc.enable()
    return statistics.median(seconds), result


def _copied(text: str) -> str:
    """An equal text of its own, as it comes from elsewhere."""
    return "".join(list(text))


def _book(pages: MemoryPages, schema: BookSchema, rows: Iterator[Page]) -> Manifest:
    return Manifest.of(
        schema.kind, write_range(pages, schema.kind, schema, (), rows, _sheet(schema))
    )


def _sheet(schema: BookSchema) -> Callable[[Page], Page | None]:
    return sheet_of if schema is ROWS else lambda _: None


def _listings(rows: Sample) -> Iterator[Page]:
    unset = Unset.BUFFER | Unset.CAP | Unset.COST
    for start, skus in _batches(rows.skus):
        size = len(skus)
        numbers = range(start, start + size)
        constants = {"pack_size": 1, "buffer": 0, "cap": 0, "backorder": 0, "cost": 0}
        ints = {name: [value] * size for name, value in constants.items()}
        ints |= {"price": [990 + n % 400 * 10 for n in numbers], "unset": [unset] * size}
        texts = {
            "channel_product_id": [str(700_000_000 + n) for n in numbers],
            "title": [f"Shirt model {n % 5000} colour {n % 12} size {n % 7}" for n in numbers],
            "gtin": [""] * size,
            "components": [""] * size,
            "currency": ["EUR"] * size,
        }
        yield Page(skus, ints, texts)


def _baseline(rows: Sample) -> Iterator[Page]:
    for start, skus in _batches(rows.skus):
        cut = slice(start, start + len(skus))
        zeros = [0] * len(skus)
        ints = {
            "on_hand": rows.on_hand[cut],
            "committed": rows.committed[cut],
            "damaged": rows.damaged[cut],
            "on_hold": zeros,
            "stated": zeros,
            "unknown": [Unknown.STATED] * len(skus),
        }
        yield Page(skus, ints)


def _segments(objects: MemoryObjects, rows: Sample) -> Iterator[Segment]:
    writer = SegmentWriter(objects, "segments/")
    for start, skus in _batches(rows.skus, _SEGMENT_ROWS):
        reported = rows.reported[start : start + len(skus)]
        zeros, blanks = [0] * len(skus), [""] * len(skus)
        ints = {"reported": reported, "allocated": zeros, "unknown": zeros}
        page = Page(skus, ints, {"product_id": blanks, "gtin": blanks, "title": blanks})
        yield writer.write(OBSERVATIONS, [Captured(_PLACE, _CAPTURED, page)])


def _batches(skus: list[str], size: int = 10_000) -> Iterator[tuple[int, list[str]]]:
    return ((start, skus[start : start + size]) for start in range(0, len(skus), size))


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU of the compare")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = [measure(rows, options.repeats) for rows in options.rows]
    if options.json:
        print(json.dumps([asdict(result) | {"ratio": result.ratio} for result in results]))
    else:
        print_table(results)


def print_table(results: Sequence[Measured]) -> None:
    print(f"{'rows':>10} {'first':>8} {'next':>8} {'join':>8} {'dict':>8} {'datacompy':>9} ratio")
    for one in results:
        rival = "-" if one.datacompy is None else f"{one.datacompy:9.3f}"
        times = f"{one.first_run:8.3f} {one.next_run:8.3f} {one.join_only:8.3f}"
        print(f"{one.rows:10} {times} {one.plain_dict:8.3f} {rival:>9} {one.ratio:.2f}")


if __name__ == "__main__":
    main()
