"""`python -m bench exports`: what writing a table as a file takes, beside other writers, and what
an export takes from end to end (`bench.exporting`).

Each writer runs in a process of its own, on the same 16 columns: texts that repeat and texts that
do not, counts, differences and times, some of them empty, made batch by batch; making them is left
out of the figures. Ours writes to a sink that counts, the others to a file, as they must: openpyxl
(write-only) and XlsxWriter (constant memory) put their rows into temporary files besides.
"""

import json
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from openpyxl import Workbook

from bench.exporting import Built, end_to_end, missed_of
from bench.held import bytes_held
from trueup.domain.exports import Format
from trueup.domain.time import from_iso
from trueup.tables.comma import write_csv
from trueup.tables.model import Batch, Cell, Column, Contents, Table
from trueup.tables.xlsx import write_xlsx

BUDGETS = Path(__file__).parent / "budgets.json"
PART = 5 * 2**20
"""Bytes that make the first part of a multipart upload."""
_STEP = 5_000
_START = from_iso("2026-01-01T00:00:00.000Z")
_COUNTS = ("Total", "Sellable", "Committed", "Damaged", "On hold", "Publishable", "Shown")
TABLE = Table(
    "Rows",
    (
        Column("SKU", "Item", 16),
        Column("Product", "Item", 40),
        Column("Identifier", "Item", 16),
        Column("Account", "Place", 14),
        Column("Location", "Place", 14),
        Column("Outcome", "Result", 14),
        *(Column(name, "Counts", 10, "integer") for name in _COUNTS),
        Column("Delta", "Result", 10, "integer", signed=True),
        Column("Captured at", "Times", 24, "instant"),
        Column("Diverged at", "Times", 24, "instant"),
    ),
)


class Source:
    """Batches that are the same each time; `seconds` of processor time went into making them."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self.seconds = 0.0

    def __iter__(self) -> Iterator[Batch]:
        for first in range(0, self._rows, _STEP):
            start = process_time()
            batch = _batch(first, min(_STEP, self._rows - first))
            self.seconds += process_time() - start
            yield batch


def _batch(first: int, rows: int) -> Batch:
    random = Random(first)
    captured = _START + timedelta(seconds=first)
    since = [captured - timedelta(milliseconds=random.randrange(10**9)) for _ in range(rows)]
    texts: list[list[Cell]] = [
        [f"SKU-{first + i:07}" for i in range(rows)],
        [f"{random.choice(('Mug', 'Lamp & shade', 'Shirt'))} {i}" for i in range(rows)],
        [f"{random.randrange(10**12):013}" for _ in range(rows)],
        ["shop-eu"] * rows,
        [random.choice(("Berlin", "Lyon")) for _ in range(rows)],
        [random.choice(("MATCHES", "MATCHES", "DIFFERS")) for _ in range(rows)],
    ]
    counts: list[list[Cell]] = [random.choices(range(500), k=rows) for _ in _COUNTS]
    delta: list[Cell] = [random.randrange(-5, 6) for _ in range(rows)]
    diverged: list[Cell] = [at if i % 3 else None for i, at in enumerate(since)]
    return [*texts, *counts, delta, [captured] * rows, diverged]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor and of clock time, bytes held at most by the process, bytes written.

    `first_part`: seconds of clock time until 5 MB are out; None if not told or not so many.
    """

    writer: str
    rows: int
    cpu: float
    clock: float
    resident: int
    size: int
    first_part: float | None = None


class _Counted:
    """A sink that counts, and notes when the first part was full."""

    def __init__(self) -> None:
        self.size = 0
        self.first_part: float | None = None
        self._start = perf_counter()

    def __call__(self, data: bytes) -> None:
        self.size += len(data)
        if self.first_part is None and self.size >= PART:
            self.first_part = round(perf_counter() - self._start, 2)


def _by_trueup(source: Source) -> tuple[int, float | None]:
    sink = _Counted()
    write_xlsx(sink, TABLE, source, _about)
    return sink.size, sink.first_part


def _about(contents: Contents) -> list[tuple[str, Cell]]:
    return [("Rows", contents.rows), ("SHA-256", contents.sha256)]


def _by_trueup_csv(source: Source) -> tuple[int, float | None]:
    sink = _Counted()
    write_csv(sink, TABLE, source)
    return sink.size, sink.first_part


def _rows(source: Source) -> Iterator[tuple[Any, ...]]:
    """Rows with times as these writers take them: without a time zone."""
    for batch in source:
        naive = [[at and at.replace(tzinfo=None) for at in times] for times in batch[-2:]]  # type: ignore[union-attr,call-arg]
        yield from zip(*batch[:-2], *naive, strict=True)


def _by_openpyxl(source: Source) -> tuple[int, float | None]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    sheet.append([column.name for column in TABLE.columns])
    for row in _rows(source):
        sheet.append(row)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.xlsx"
        book.save(path)
        return path.stat().st_size, None


def _by_xlsxwriter(source: Source) -> tuple[int, float | None]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.xlsx"
        options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss.000"}
        book = import_module("xlsxwriter").Workbook(str(path), options)
        sheet = book.add_worksheet("Rows")
        sheet.write_row(0, 0, [column.name for column in TABLE.columns])
        for number, row in enumerate(_rows(source), 1):
            sheet.write_row(number, 0, row)
        book.close()
        return path.stat().st_size, None


WRITERS: dict[str, Callable[[Source], tuple[int, float | None]]] = {
    "trueup": _by_trueup,
    "trueup csv": _by_trueup_csv,
    "openpyxl": _by_openpyxl,
    "xlsxwriter": _by_xlsxwriter,
}


def measured(writer: str, rows: int) -> Cost:
    """One writing, in this process."""
    source = Source(rows)
    cpu, clock = process_time(), perf_counter()
    size, first_part = WRITERS[writer](source)
    return Cost(
        writer=writer,
        rows=rows,
        cpu=round(process_time() - cpu - source.seconds, 3),
        clock=round(perf_counter() - clock, 2),
        resident=bytes_held(),
        size=size,
        first_part=first_part,
    )


def apart(writer: str, rows: int) -> Cost:
    """One writing, in a process of its own, whose memory is the writing's."""
    command = [sys.executable, "-m", "bench", "exports", "--one", writer, "--rows", str(rows)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, check=True, text=True, cwd=root)  # noqa: S603
    return Cost(**json.loads(done.stdout))


def _medians(writer: str, rows: int, repeats: int) -> Cost:
    """The writing of median processor time."""
    costs = sorted((apart(writer, rows) for _ in range(repeats)), key=lambda cost: cost.cpu)
    middle = median(cost.cpu for cost in costs[: len(costs) - 1 + len(costs) % 2])
    return next(cost for cost in costs if cost.cpu == middle)


def ratios(costs: dict[str, Cost]) -> dict[str, float]:
    """Ours beside openpyxl's: processor time and size; and what the process held, in bytes."""
    ours, theirs = costs["trueup"], costs["openpyxl"]
    return {
        "cpu ratio to openpyxl": round(ours.cpu / theirs.cpu, 3),
        "size ratio to openpyxl": round(ours.size / theirs.size, 3),
        "resident bytes": ours.resident,
    }


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", choices=sorted(WRITERS), help="one writer, in this process")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace) -> int:
    """Print each writer's figures at each size, and the budgets; 1 if one is missed."""
    if options.one:
        print(json.dumps(asdict(measured(options.one, options.rows[0]))))
        return 0
    missed = 0
    for rows in options.rows:
        names = [name for name in WRITERS if name != "xlsxwriter" or find_spec(name)]
        costs = {name: _medians(name, rows, options.repeats) for name in names}
        built = [end_to_end(rows, kind) for kind in Format]
        missed += _print(costs, built, as_json=options.json)
    return int(bool(missed))


def _print(costs: dict[str, Cost], built: Sequence[Built], *, as_json: bool) -> int:
    reached = ratios(costs)
    budgets: dict[str, float] = json.loads(BUDGETS.read_text())["exports"]
    missed = [what for what, limit in budgets.items() if reached[what] > limit]
    whole = [f"{one.kind} built: {what}" for one in built for what in missed_of(one)]
    missed += whole
    if as_json:
        each = [asdict(cost) for cost in costs.values()]
        told = {"built": [asdict(one) for one in built], "reached": reached, "missed": missed}
        print(json.dumps({"exports": each, **told}))
        return len(missed)
    for cost in costs.values():
        first = "" if cost.first_part is None else f"  5 MB out after {cost.first_part} s"
        print(
            f"{cost.rows:>9,} {cost.writer:<11} {cost.cpu:>8.2f} s cpu {cost.clock:>8.2f} s "
            f"{cost.resident / 1e6:>7.1f} MB held {cost.size:>11,} bytes{first}"
        )
    for one in built:
        first = "" if one.first_part is None else f"  first part after {one.first_part} s cpu"
        print(
            f"{one.rows:>9,} {one.kind + ' built':<11} {one.cpu:>8.2f} s cpu "
            f"{one.clock:>8.2f} s {one.resident / 1e6:>7.1f} MB held {one.size:>11,} bytes{first}"
        )
    for what in whole:
        print(f"  MISSED  {what}")
    for what, limit in budgets.items():
        mark = "MISSED" if what in missed else "kept"
        print(f"  {mark:>6}  {what}: {reached[what]:g} of {limit:g}")
    return len(missed)
