"""A seller's location with a ledger in memory, and what a plain fold of its history says."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_pages import MemoryPages
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.books.manifest import Manifest, save_manifest
from trueup.books.pages import Page
from trueup.books.schema import BASELINE, Unknown
from trueup.books.writer import write_range
from trueup.domain.accounts import Location
from trueup.domain.ledger import LedgerHead
from trueup.domain.movements import Bucket, Movement, MovementKind, direct_effect, net_of
from trueup.domain.runs import Head, Version
from trueup.domain.time import from_milliseconds, milliseconds
from trueup.ledger.streams import movements_stream
from trueup.ports import Create, Ledger, PageStore, Registry, Replace
from trueup.usecases.books import baseline_book
from trueup.usecases.ledger.appending import Appended, append
from trueup.usecases.ledger.closing import ClosingWork, close_ledger
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.ledger.positions import SkuPosition, position_of, positions_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = "berlin"
STREAM = movements_stream(HERE)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Stated:
    """A baseline that was imported at `at`."""

    at: int
    as_of: int
    on_hand: Mapping[str, tuple[int, int]]
    """By SKU, and the instant that it is of."""
    complete: bool

    @property
    def latest(self) -> int:
        return max((at for _, at in self.on_hand.values()), default=self.as_of)

    def of(self, sku: str) -> tuple[int | None, int]:
        return self.on_hand.get(sku, (0 if self.complete else None, self.as_of))


@dataclass
class LedgerWorld:
    """Ports are attributes, so that a test can wrap any of them. Remembers what was told it."""

    now: datetime = NOW
    registry: Registry = field(default_factory=lambda: MemoryRegistries().of("acme"))
    pages: PageStore = field(default_factory=MemoryPages)
    ledger: Ledger = field(default_factory=MemoryLedger)
    told: dict[tuple[str, str], Movement] = field(default_factory=dict)
    baselines: list[Stated] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry.write(Create(Location(code=HERE, name="Berlin")))

    def clock(self) -> datetime:
        return self.now

    def append(self, *movements: Movement) -> Appended:
        appended = append(self.ledger, self.clock, STREAM, movements)
        for index in appended.accepted:
            stored = replace(movements[index], recorded_at=milliseconds(self.now))
            assert self.told.setdefault((stored.source, stored.id), stored) is stored
        return appended

    def baseline(
        self, on_hand: Mapping[str, int], as_of: datetime, *, complete: bool = False
    ) -> None:
        """A file of the whole location."""
        at = milliseconds(as_of)
        rows = {sku: (units, at) for sku, units in on_hand.items()}
        self._state(Stated(milliseconds(self.now), at, rows, complete))

    def restate(self, on_hand: Mapping[str, int], as_of: datetime) -> None:
        """A file of some SKUs, upon what was stated before."""
        before = self.baselines[-1]
        at = max(milliseconds(as_of), before.as_of)
        rows = {**before.on_hand, **{sku: (units, at) for sku, units in on_hand.items()}}
        self._state(Stated(milliseconds(self.now), before.as_of, rows, before.complete))

    def _state(self, stated: Stated) -> None:
        book, keys = baseline_book(HERE), sorted(stated.on_hand)
        ints = {name: [0] * len(keys) for name in BASELINE.ints}
        instants = [stated.on_hand[key][1] for key in keys]
        ints |= {
            "on_hand": [stated.on_hand[key][0] for key in keys],
            "unknown": [Unknown.STATED] * len(keys),
            "stated_at": [at if at > stated.as_of else 0 for at in instants],
        }
        frames = write_range(self.pages, book, BASELINE, (), iter([Page(keys, ints)]))
        manifest = Manifest.of(BASELINE.kind, frames)
        before = self.registry.get(Head, book)
        head = Head(
            book=book,
            version=before.value.version + 1 if before else 1,
            manifest=save_manifest(self.pages, book, manifest),
            rows=len(keys),
            as_of=from_milliseconds(stated.as_of),
            made_by="test",
            at=self.now,
            complete=stated.complete,
            stated_to=from_milliseconds(stated.latest) if stated.latest > stated.as_of else None,
        )
        move = Replace(head, before.version) if before else Create(head)
        self.registry.write(move, Create(Version(**head.model_dump())))
        self.baselines.append(stated)

    def close(self) -> LedgerHead | None:
        return close_ledger(ClosingWork(self.registry, self.pages, self.ledger, self.clock), HERE)

    def desk(self) -> LedgerDesk:
        return LedgerDesk(self.registry, self.pages, self.ledger, self.clock)

    def position(
        self, sku: str, at: datetime | None = None, known_at: datetime | None = None
    ) -> SkuPosition:
        return position_of(self.desk(), HERE, sku, at, known_at)

    def all_positions(self, at: datetime | None = None, limit: int = 2) -> list[SkuPosition]:
        """Page by page."""
        page = positions_of(self.desk(), HERE, at, limit=limit)
        found = list(page.positions)
        while page.cursor:
            page = positions_of(self.desk(), HERE, cursor=page.cursor, limit=limit)
            found += page.positions
        return found

    def expected(self, sku: str, at: datetime, known_at: datetime | None = None) -> dict[str, Any]:
        """What a fold of the whole history says, written without the product's state."""
        until, known = milliseconds(at), milliseconds(known_at or self.now)
        known_bases = [b for b in self.baselines if b.latest <= until and b.at <= known]
        base = max(enumerate(known_bases), key=lambda p: (p[1].as_of, p[0]), default=None)
        told = [
            m
            for m in self.told.values()
            if m.sku == sku and m.occurred_at <= until and m.recorded_at <= known and not m.claim
        ]
        plain = Plain()
        ordered = sorted(told, key=lambda m: (m.occurred_at, m.source, m.id))
        if base is not None:
            on_hand, stated_at = base[1].of(sku)
            plain.run(m for m in ordered if m.occurred_at <= stated_at)
            plain.rebase(on_hand)
            ordered = [m for m in ordered if m.occurred_at > stated_at]
        plain.run(ordered)
        return plain.seen()


class Plain:
    """Buckets and open references, the slow and obvious way."""

    def __init__(self) -> None:
        self.buckets = dict.fromkeys(Bucket, 0)
        self.known = False
        self.nets: dict[tuple[Bucket, str], int] = defaultdict(int)

    def run(self, movements: Iterable[Movement]) -> None:
        for movement in movements:
            if movement.kind == MovementKind.COUNT:
                bucket = Bucket(movement.bucket or "on_hand")
                self.buckets[bucket] = movement.quantity
                self.known = self.known or bucket is Bucket.ON_HAND
                continue
            for bucket, units in direct_effect(movement).items():
                self.buckets[bucket] += units
            if (netted := net_of(movement)) is not None:
                key = (netted[0], movement.reference)
                before = max(0, self.nets[key])
                self.nets[key] += netted[1]
                self.buckets[netted[0]] += max(0, self.nets[key]) - before

    def rebase(self, on_hand: int | None) -> None:
        for bucket in (Bucket.COMMITTED, Bucket.DAMAGED, Bucket.ON_HOLD):
            self.buckets[bucket] = 0
        self.buckets[Bucket.ON_HAND] = on_hand or 0
        self.known = on_hand is not None

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = {bucket.value: units for bucket, units in self.buckets.items()}
        return found | {"on_hand": found["on_hand"] if self.known else None}


def seen(found: SkuPosition) -> dict[str, Any]:
    return {bucket.value: getattr(found.position, bucket.value) for bucket in Bucket}
