"""What runs of one account with N rows use: units, items, bytes, requests, memory, dollars.

The real steps of a run work on stores in memory that count as AWS bills. Four runs: the first, one
with nothing changed, one with 0.5 % of the rows changed evenly of which half newly differ, and one
with a SKU inserted at the front. Lambda's GB-seconds are this machine's processor seconds, so
without waiting for the channel or for AWS.
"""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import process_time
from typing import Any

from bench.compare import Sample, sample
from bench.compare import _baseline as baseline_pages
from bench.compare import _listings as listing_pages
from bench.metered import MeteredRegistries
from trueup.adapters.memory_channels import MemoryChannels
from trueup.adapters.memory_events import MemoryEvents
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.memory_objects import MemoryObjects
from trueup.adapters.memory_pages import MemoryPages
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.books.manifest import Manifest, load_manifest, save_manifest
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import BASELINE, LISTINGS, ROWS, BookSchema
from trueup.books.writer import write_range
from trueup.channel.contract import (
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    Failure,
    FetchRequest,
    FetchResponse,
    Observation,
    PushRequest,
    PushResponse,
)
from trueup.domain.accounts import Account, Link, Member
from trueup.domain.prices import cost_of
from trueup.domain.runs import Head, Run, Trigger, Usage, Version
from trueup.domain.time import ulid_ids
from trueup.ports import Create, Meter, Replace
from trueup.usecases import books
from trueup.usecases.reconcile.closing import close_and_announce
from trueup.usecases.reconcile.comparing import compare_range
from trueup.usecases.reconcile.fetching import fetch_turn
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.opening import open_run
from trueup.usecases.reconcile.parts import load_plan
from trueup.usecases.reconcile.planning import plan_compare
from trueup.usecases.runs import start_run
from trueup.usecases.work import Work

SELLER, ACCOUNT, PLACE, LOCATION = "acme", "main", "1", "warehouse"
MEMORY_GB = 1769 / 1024
"""The memory that comes with a whole processor; with less of both, a Lambda takes longer."""

ITEM_A_ROW_UNITS = 1
"""One item a row, rewritten by every run: what most do."""


class Catalogue:
    """A channel that shows a sample, 20,000 rows an answer."""

    def __init__(self, rows: Sample) -> None:
        self.rows = rows

    def fetch(self, request: FetchRequest) -> FetchResponse:
        start = int(request.cursor or 0)
        end = min(start + request.budget.rows, len(self.rows.skus))
        cut = slice(start, end)
        pairs = zip(self.rows.skus[cut], self.rows.reported[cut], strict=True)
        done = end == len(self.rows.skus)
        return FetchResponse(
            outcome="done" if done else "more",
            captured_at="2026-03-01T12:00:00+00:00",
            rows=[Observation(key=sku, location=PLACE, quantity=units) for sku, units in pairs],
            cursor=None if done else str(end),
            first=start,
            total=len(self.rows.skus),
            calls=1,
        )

    def describe(self, request: DescribeRequest) -> DescribeResponse | Failure:
        raise NotImplementedError(request)

    def push(self, request: PushRequest) -> PushResponse:
        raise NotImplementedError(request)

    def check(self, request: CheckRequest) -> CheckResponse:
        raise NotImplementedError(request)


class Shop:
    """A seller with one account on a catalogue, on stores that count."""

    def __init__(self, rows: Sample) -> None:
        self.meter = Meter()
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.catalogue = Catalogue(rows)
        self.pages = MemoryPages(self.clock, self.meter)
        self.objects = MemoryObjects(self.meter)
        self.ledger = MemoryLedger(self.meter)
        self.registries = MeteredRegistries(MemoryRegistries(), self.meter)
        self.registry = self.registries.of(SELLER)
        self.peaks: dict[str, int] = {}
        self.watch: frozenset[str] = frozenset()
        self.registry.write(
            Create(Account(id=ACCOUNT, channel="catalogue", name="Main", created_at=self.now)),
            Create(
                Link(account=ACCOUNT, channel_location=PLACE, members=(Member(location=LOCATION),))
            ),
        )
        self.stock(rows)

    def clock(self) -> datetime:
        return self.now

    def stock(self, rows: Sample) -> None:
        """Put listings and baseline of a sample in place, as an import does."""
        self.catalogue.rows = rows
        self._book(books.listings_book(ACCOUNT), LISTINGS, listing_pages(rows))
        self._book(books.baseline_book(LOCATION), BASELINE, baseline_pages(rows))

    def _book(self, book: str, schema: BookSchema, pages: Iterator[Page]) -> None:
        before = self.registry.get(Head, book)
        frames = () if before is None else self.manifest(book).frames
        manifest = Manifest.of(schema.kind, write_range(self.pages, book, schema, frames, pages))
        head = Head(
            book=book,
            version=before.value.version + 1 if before else 1,
            manifest=save_manifest(self.pages, book, manifest),
            rows=manifest.rows,
            as_of=self.now,
            made_by="bench",
            at=self.now,
        )
        move = Create(head) if before is None else Replace(head, before.version)
        self.registry.write(move, Create(Version(**head.model_dump())))

    def manifest(self, book: str) -> Manifest:
        pinned = books.pin(self.registry, book)
        assert pinned is not None
        return load_manifest(self.pages, book, pinned.manifest)

    def work(self) -> Work:
        return Work(
            registry=self.registry,
            pages=self.pages,
            evidence=self.objects,
            channels=MemoryChannels({"catalogue": self.catalogue}),
            clock=self.clock,
            meter=Meter(),
            ledger=self.ledger,
        )

    def reconcile(self) -> Run:
        """One run, step by step as its state machine takes them."""
        started = start_run(
            self.registry,
            MemoryMachines(),
            self.clock,
            ulid_ids(self.clock),
            account=ACCOUNT,
            trigger=Trigger.BUTTON,
            requested_by="bench",
        )
        event = {"seller": SELLER, "account": ACCOUNT, "run": started.run.id}
        job = Job.model_validate(event)
        self._step("open_run", lambda: open_run(self.work(), job))
        while self._step("fetch", lambda: fetch_turn(self.work(), job, lambda: 900_000)) != "done":
            pass
        self._step("plan_compare", lambda: plan_compare(self.work(), job))
        for item in load_plan(self.work(), job):
            self._step("compare", partial(compare_range, self.work(), item))
        ended = close_and_announce(self.work(), MemoryEvents(), job)
        self.now += timedelta(hours=1)
        return ended

    def _step(self, name: str, act: Callable[[], Any]) -> str:
        """Run a step, watching its memory the first time if asked to."""
        if name not in self.watch or name in self.peaks:
            began = process_time()
            result = act()
            self.meter.add(invocations=1, gb_seconds=(process_time() - began) * MEMORY_GB)
            return str(getattr(result, "state", ""))
        tracemalloc.start()
        result = act()
        self.peaks[name] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return str(getattr(result, "state", ""))


@dataclass(frozen=True, slots=True)
class RunCost:
    """One run: what it used, and what that costs beside one item a row."""

    case: str
    rows: int
    differing: int
    write_units: float
    items: int
    bytes: int
    s3_puts: int
    s3_gets: int
    transitions: int
    gb_seconds: float
    blobs_of_rows: int
    dollars: str
    dollars_item_a_row: str


def cases(rows: int) -> list[RunCost]:
    """The four runs, in their order."""
    data = sample(rows)
    shop = Shop(data)
    costs = [_measured(shop, "first run")]
    costs.append(_measured(shop, "nothing changed"))
    shop.stock(changed_evenly(data, 0.005))
    costs.append(_measured(shop, "0.5 % changed, half newly differ"))
    shop.stock(with_one_in_front(shop.catalogue.rows))
    costs.append(_measured(shop, "one SKU inserted at the front"))
    return costs


def changed_evenly(rows: Sample, share: float) -> Sample:
    """Every so many rows one changes: in turn only on the channel, and on both sides alike."""
    on_hand, reported = list(rows.on_hand), list(rows.reported)
    for turn, index in enumerate(range(0, len(rows.skus), round(1 / share))):
        reported[index] += 3
        if turn % 2:
            on_hand[index] += 3
    return Sample(rows.skus, on_hand, rows.committed, rows.damaged, reported)


def with_one_in_front(rows: Sample) -> Sample:
    return Sample(
        ["AAA", *rows.skus],
        [5, *rows.on_hand],
        [0, *rows.committed],
        [0, *rows.damaged],
        [5, *rows.reported],
    )


def _measured(shop: Shop, case: str) -> RunCost:
    book = books.rows_book(ACCOUNT, PLACE)
    known = {info.hash for info in shop.pages.list(book)}
    before = shop.meter.usage
    run = shop.reconcile()
    used = Usage(
        **{n: getattr(shop.meter.usage, n) - getattr(before, n) for n in Usage.model_fields}
    )
    used += Usage(transitions=run.usage.transitions)
    tally = run.locations[0].tally
    return RunCost(
        case=case,
        rows=tally.rows,
        differing=tally.differing,
        write_units=used.write_units,
        items=used.items_written,
        bytes=used.bytes_written,
        s3_puts=used.s3_puts,
        s3_gets=used.s3_gets,
        transitions=used.transitions,
        gb_seconds=round(used.gb_seconds, 3),
        blobs_of_rows=len({info.hash for info in shop.pages.list(book)} - known),
        dollars=str(cost_of(used)),
        dollars_item_a_row=str(cost_of(Usage(write_units=tally.rows * ITEM_A_ROW_UNITS))),
    )


def peaks(rows: int) -> dict[str, int]:
    """Peak bytes that a fetch turn, a plan and a compare of a range allocate, by tracemalloc."""
    shop = Shop(sample(rows))
    shop.watch = frozenset({"fetch", "plan_compare", "compare"})
    shop.reconcile()
    return shop.peaks


def frames_read_for_fifty(rows: int) -> int:
    """Blobs read to show 50 rows from the middle, beside the manifest."""
    shop = Shop(sample(rows))
    shop.reconcile()
    book = books.rows_book(ACCOUNT, PLACE)
    manifest = shop.manifest(book)
    counting = CountingPages(shop.pages)
    reader = BookReader(counting, book, ROWS, manifest)
    middle = shop.catalogue.rows.skus[rows // 2]
    shown = 0
    for page in reader.scan(middle):
        shown += len(page)
        if shown >= 50:
            break
    return counting.read


class CountingPages:
    """Counts the blobs that are read."""

    def __init__(self, inner: MemoryPages) -> None:
        self._inner = inner
        self.read = 0

    def get_many(self, book: str, hashes: Any) -> dict[str, bytes]:
        self.read += len(hashes)
        return self._inner.get_many(book, hashes)
