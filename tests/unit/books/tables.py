"""Made-up rows and stores for the tests of books."""

import random
from array import array
from collections.abc import Iterator

from trueup.adapters.memory_pages import MemoryPages
from trueup.books.manifest import Manifest
from trueup.books.pages import Page, take
from trueup.books.reader import BookReader
from trueup.books.schema import ROWS, BookSchema
from trueup.domain.runs import Usage

BOOK = "rows/demo/1"


def snapshot(rows: int, *, seed: int = 1, differing: float = 0.01) -> Page:
    """Rows as a channel with few differences has them: unpredictable quantities, fixed buffer."""
    rng = random.Random(seed)  # noqa: S311 -- made-up rows
    total = [rng.randrange(500) for _ in range(rows)]
    committed = [min(t, rng.randrange(20)) if rng.random() < 0.3 else 0 for t in total]
    damaged = [rng.randrange(3) if rng.random() < 0.05 else 0 for _ in total]
    sellable = [t - c - d for t, c, d in zip(total, committed, damaged, strict=True)]
    publishable = [max(s - 2, 0) for s in sellable]
    reported = [rng.randrange(500) if rng.random() < differing else p for p in publishable]
    reason = [int(p != r) for p, r in zip(publishable, reported, strict=True)]
    varied = {
        "total": total,
        "committed": committed,
        "damaged": damaged,
        "sellable": sellable,
        "publishable": publishable,
        "reported": reported,
        "reason": reason,
    }
    fixed = {"pack_size": 1, "buffer": 2, "unknown": 8}
    columns = {name: fixed.get(name, 0) for name in ROWS.ints}
    ints = {n: array("q", varied.get(n, [value] * rows)) for n, value in columns.items()}
    return Page([f"SKU-{i:07d}" for i in range(rows)], ints)


def edited(page: Page, share: float, *, seed: int = 2) -> Page:
    """The page with a share of its rows changed evenly, of which half newly differ."""
    rng = random.Random(seed)  # noqa: S311 -- made-up rows
    ints = {name: array("q", column) for name, column in page.ints.items()}
    for count, i in enumerate(rng.sample(range(len(page)), round(len(page) * share))):
        if count % 2:
            ints["reported"][i] = ints["publishable"][i] + 3
            ints["reason"][i] = 1
        else:
            for name in ("total", "sellable", "publishable"):
                ints[name][i] += 1
            ints["reported"][i], ints["reason"][i] = ints["publishable"][i], 0
    return Page(page.keys, ints)


def differing(page: Page) -> Page | None:
    """The sheet of a page of the ROWS schema."""
    rows = [i for i, reason in enumerate(page.ints["reason"]) if reason]
    return take(page, rows) if rows else None


def chunks(page: Page, rows: int) -> Iterator[Page]:
    return (page.slice(i, i + rows) for i in range(0, len(page), rows))


def read(
    store: MemoryPages, schema: BookSchema, manifest: Manifest, book: str = BOOK
) -> list[dict[str, object]]:
    reader = BookReader(store, book, schema, manifest)
    return [row for page in reader.scan() for row in page.rows()]


def spent(store: MemoryPages, since: Usage) -> tuple[float, int]:
    """Write units and items written since an earlier usage."""
    usage = store.meter.usage
    return usage.write_units - since.write_units, usage.items_written - since.items_written
