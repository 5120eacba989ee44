"""One seller's world in memory: books, a channel, and the steps of a reconcile execution."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.asl import ExecutionFailedError, Machine, Task
from tests.shelf import Shelf
from trueup.adapters.memory_channels import MemoryChannels
from trueup.adapters.memory_events import MemoryEvents
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.memory_objects import MemoryObjects
from trueup.adapters.memory_pages import MemoryPages
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.books.manifest import Manifest, save_manifest
from trueup.books.pages import Page
from trueup.books.schema import ALIASES, BASELINE, LISTINGS, ROWS, BookSchema, Unset
from trueup.books.writer import write_range
from trueup.domain.accounts import Account, Capabilities, ChannelLocation, Link, Member
from trueup.domain.outcomes import Reason
from trueup.domain.runs import Head, Run, Trigger, Version
from trueup.domain.time import milliseconds, ulid_ids
from trueup.ports import (
    Channels,
    Create,
    Ledger,
    Machines,
    Meter,
    ObjectStore,
    PageStore,
    Registry,
    Replace,
)
from trueup.usecases import books
from trueup.usecases.finalising import ending_of, finalise
from trueup.usecases.reconcile.closing import close_and_announce
from trueup.usecases.reconcile.comparing import compare_range
from trueup.usecases.reconcile.fetching import fetch_turn
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.opening import open_run
from trueup.usecases.reconcile.parts import PlanItem
from trueup.usecases.reconcile.planning import plan_compare
from trueup.usecases.runs import Started, start_run
from trueup.usecases.work import Plant, Work

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SELLER, ACCOUNT = "acme", "eu"


class World:
    """Everything a run touches; ports are attributes, so that a test can wrap any of them."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self.now = NOW
        self.shelf = shelf or Shelf()
        self.registries: Any = MemoryRegistries()
        self.registry: Registry = self.registries.of(SELLER)
        self.pages: PageStore = MemoryPages(self.clock)
        self.evidence: ObjectStore = MemoryObjects()
        self.channels: Channels = MemoryChannels({"shelf": self.shelf})
        self.machines: Machines = MemoryMachines()
        self.events = MemoryEvents()
        self.ledger: Ledger = MemoryLedger()
        self.new_id = ulid_ids(self.clock)
        self.milliseconds_left = 600_000

    def clock(self) -> datetime:
        return self.now

    def link(self, links: Mapping[str, Sequence[str]] | None = None, **account: Any) -> None:
        """Create the account, with its channel locations fed by locations of the seller."""
        links = links or {"1": ["main"]}
        capabilities = Capabilities(
            can_push=False,
            reports="on_hand" if self.shelf.on_hand else "available",
            takes=None,
            compare_and_set=False,
            idempotent=False,
            submits=False,
            push_batch=1,
            calls_per_minute=None,
            settle_seconds=0,
            minimum_cooldown_seconds=0,
            documentation="",
        )
        self.registry.write(
            Create(
                Account(
                    id=ACCOUNT,
                    channel="shelf",
                    name="EU",
                    created_at=NOW,
                    capabilities=capabilities,
                    locations=tuple(
                        ChannelLocation(id=place, code=place, name=place) for place in links
                    ),
                    **account,
                )
            ),
            *(
                Create(
                    Link(
                        account=ACCOUNT,
                        channel_location=place,
                        members=tuple(Member(location=code) for code in codes),
                    )
                )
                for place, codes in links.items()
            ),
        )

    def baseline(
        self, location: str, on_hand: Mapping[str, int], *, complete: bool = False, **columns: Any
    ) -> None:
        keys = sorted(on_hand)
        more = {name: [values.get(key, 0) for key in keys] for name, values in columns.items()}
        page = Page(keys=keys, ints={"on_hand": [on_hand[key] for key in keys]} | more, texts={})
        self._book(books.baseline_book(location), BASELINE, page, complete=complete)

    def restate(
        self, location: str, on_hand: Mapping[str, int], restated: Iterable[str], at: datetime
    ) -> None:
        """The baseline once more, with some SKUs stated of a later instant."""
        keys, known = sorted(on_hand), self.registry.get(Head, books.baseline_book(location))
        assert known is not None
        of = milliseconds(at)
        ints = {
            "on_hand": [on_hand[key] for key in keys],
            "stated_at": [of if key in set(restated) else 0 for key in keys],
        }
        book, page = books.baseline_book(location), Page(keys=keys, ints=ints, texts={})
        self._book(book, BASELINE, page, complete=known.value.complete, stated_to=at)

    def listings(self, skus: Iterable[str], **columns: Mapping[str, Any]) -> None:
        """Listings by key; columns give values by key, absent ones the usual default."""
        keys = sorted(skus)
        ints = {
            "pack_size": [columns.get("pack_size", {}).get(key, 1) for key in keys],
            "buffer": [columns.get("buffer", {}).get(key, 0) for key in keys],
            "cap": [columns.get("cap", {}).get(key, 0) for key in keys],
            "unset": [_unset(columns, key) for key in keys],
        }
        recipes = columns.get("components", {})
        texts = {
            "title": [f"Title of {key}" for key in keys],
            "components": [_recipe(recipes.get(key)) for key in keys],
        }
        self._book(books.listings_book(ACCOUNT), LISTINGS, Page(keys=keys, ints=ints, texts=texts))

    def aliases(self, known: Mapping[str, str]) -> None:
        keys = sorted(known)
        page = Page(keys=keys, ints={}, texts={"listing_key": [known[key] for key in keys]})
        self._book(books.aliases_book(ACCOUNT), ALIASES, page)

    def _book(self, book: str, schema: BookSchema, page: Page, **stated: Any) -> None:
        frames = write_range(self.pages, book, schema, (), iter([page]))
        manifest = Manifest.of(schema.kind, frames)
        before = self.registry.get(Head, book)
        head = Head(
            book=book,
            version=before.value.version + 1 if before else 1,
            manifest=save_manifest(self.pages, book, manifest),
            rows=manifest.rows,
            as_of=self.now,
            made_by="test",
            at=self.now,
            **stated,
        )
        move = Replace(head, before.version) if before else Create(head)
        self.registry.write(move, Create(Version(**head.model_dump())))

    # Running ------------------------------------------------------------------------------------

    def work(self) -> Work:
        return Work(
            registry=self.registry,
            pages=self.pages,
            evidence=self.evidence,
            channels=self.channels,
            clock=self.clock,
            meter=Meter(),
            ledger=self.ledger,
        )

    def plant(self) -> Plant:
        return Plant(self.registries, self.machines, self.events, self.clock, self.new_id)

    def start(self) -> Started:
        return start_run(
            self.registry,
            self.machines,
            self.clock,
            self.new_id,
            account=ACCOUNT,
            trigger=Trigger.BUTTON,
            requested_by="ada",
        )

    def machine(self) -> Machine:
        """The shipped reconcile machine with the real steps behind it."""

        def remaining() -> int:
            return self.milliseconds_left

        tasks = {
            "${OpenRunFunctionArn}": lambda e: asdict(open_run(self.work(), _job(e))),
            "${FetchFunctionArn}": self.fetching(remaining),
            "${PlanCompareFunctionArn}": lambda e: asdict(plan_compare(self.work(), _job(e))),
            "${CompareFunctionArn}": lambda e: asdict(
                compare_range(self.work(), msgspec.convert(e, PlanItem))
            ),
            "${CloseRunFunctionArn}": self._close,
            "${FinaliseFunctionArn}": lambda e: finalise(self.plant(), ending_of(e)).model_dump(),
        }
        return Machine(
            "reconcile", tasks, read_items=lambda key: msgspec.json.decode(self.evidence.get(key))
        )

    def fetching(self, remaining: Callable[[], int]) -> Task:
        """The fetch step of a Lambda that has so many milliseconds left."""
        return lambda event: asdict(fetch_turn(self.work(), _job(event), remaining))

    def _close(self, event: dict[str, Any]) -> dict[str, Any]:
        ended = close_and_announce(self.work(), self.events, _job(event))
        return {"state": str(ended.state), "cause": ended.cause}

    def reconcile(self, machine: Machine | None = None) -> Run:
        """Start a run, run it to its end, and look at it."""
        run = self.start().run
        (machine or self.machine()).run(self.payload(run))
        self.now += timedelta(minutes=1)
        return self.run(run.id)

    def reconcile_failing(self) -> Run:
        """As `reconcile`, for a run whose execution is to fail."""
        run = self.start().run
        with pytest.raises(ExecutionFailedError):
            self.machine().run(self.payload(run))
        return self.run(run.id)

    def payload(self, run: Run) -> dict[str, Any]:
        return {"schema": 1, "seller": SELLER, "account": ACCOUNT, "run": run.id}

    def run(self, id_: str) -> Run:
        stored = self.registry.get(Run, ACCOUNT, id_)
        assert stored is not None
        return stored.value

    def rows(self, place: str = "1") -> dict[str, dict[str, Any]]:
        """The visible rows by key."""
        pinned = books.pin(self.registry, books.rows_book(ACCOUNT, place))
        if pinned is None:
            return {}
        reader = books.open_book(self.pages, pinned, ROWS)
        return {row["key"]: row for page in reader.scan() for row in page.rows()}

    def differing(self, place: str = "1") -> dict[str, Reason]:
        pinned = books.pin(self.registry, books.rows_book(ACCOUNT, place))
        assert pinned is not None
        reader = books.open_book(self.pages, pinned, ROWS)
        return {
            row["key"]: Reason(row["reason"]) for page in reader.differing() for row in page.rows()
        }


def _unset(columns: Mapping[str, Mapping[str, Any]], key: str) -> int:
    bits = Unset.COST | Unset.PRICE
    bits |= 0 if key in columns.get("buffer", {}) else Unset.BUFFER
    return bits | (0 if key in columns.get("cap", {}) else Unset.CAP)


def _recipe(parts: Sequence[tuple[str, int]] | None) -> str:
    return msgspec.json.encode(parts).decode() if parts else ""


def _job(event: dict[str, Any]) -> Job:
    return Job.model_validate(event)
