"""Making a checkpoint: states folded on, written to their books, made visible together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from trueup.books.manifest import Manifest, load_manifest
from trueup.books.pages import Page
from trueup.books.schema import BookSchema
from trueup.domain.ledger import LedgerHead, LedgerPin, LedgerVersion
from trueup.domain.movements import Movement
from trueup.domain.runs import BookPin, Head
from trueup.domain.time import from_milliseconds, milliseconds
from trueup.ledger.books import NETS, POSITIONS, Row, default_state, kept, net_key, row_of
from trueup.ledger.fold import advance
from trueup.ledger.state import State, Stated
from trueup.ledger.streams import SHARDS, movements_stream
from trueup.ports import Create, Replace, Stored, Write
from trueup.usecases.ingest.editions import Edition, Imprint, Shelf, edited, publishing
from trueup.usecases.ledger.desk import ClosingWork
from trueup.usecases.ledger.gathering import BY_SKU, uncovered
from trueup.usecases.ledger.remembering import KEPT
from trueup.usecases.ledger.states import (
    all_nets,
    bare_states,
    nets_book,
    positions_book,
    skus_in,
    stated_for,
)

_CHUNK = 2_000
_SKU = attrgetter("sku")


class Making:
    """The making of one checkpoint of a location, of what occurred up to `until`."""

    def __init__(
        self, work: ClosingWork, pin: LedgerPin, until: int, before: Stored[LedgerHead] | None
    ) -> None:
        self._work = work
        self._pin = pin
        self._until = until
        self._before = before
        self._rebased = pin.baseline_at > pin.until
        self._nets = all_nets(work.pages, pin.nets)
        self._was = {net_key(s, *key) for s, nets in self._nets.items() for key in nets}
        self._positions: dict[str, Row | None] = {}
        self._movements = 0

    def close(self) -> LedgerHead:
        for shard in range(SHARDS):
            found = (m for m in uncovered(self._work.ledger, self._pin, shard))
            movements = sorted((m for m in found if m.occurred_at <= self._until), key=BY_SKU)
            self._movements += len(movements)
            self._fold({sku: list(told) for sku, told in groupby(movements, key=_SKU)})
        if self._rebased:
            rest = set(skus_in(self._work.pages, self._pin.positions)) | set(self._nets)
            self._fold({sku: [] for sku in rest - set(self._positions)})
        return self._publish(self._edit_positions(), self._edit_nets())

    def _fold(self, told: dict[str, list[Movement]]) -> None:
        skus = sorted(told)
        for start in range(0, len(skus), _CHUNK):
            chunk = skus[start : start + _CHUNK]
            states = bare_states(self._work.pages, self._pin, chunk)
            stated = stated_for(self._work.pages, self._pin, chunk)
            for sku in chunk:
                state = states[sku]
                state.nets = self._nets.get(sku, {})
                advance(state, told[sku], stated.get(sku) if self._rebased else None)
                self._keep(sku, state, stated.get(sku))

    def _keep(self, sku: str, state: State, stated: Stated | None) -> None:
        row = row_of(state)
        usual = row_of(default_state(stated))
        self._positions[sku] = None if row == usual else row
        self._nets[sku] = state.nets

    def _edit_positions(self) -> Edition:
        rows = self._positions
        upserts = sorted(sku for sku, row in rows.items() if row is not None)
        pages = (_positions_page(c, rows) for c in _cut(upserts))
        deletes = [sku for sku, row in rows.items() if row is None]
        shelf = self._shelf(positions_book(self._pin.location), POSITIONS, self._pin.positions)
        return edited(shelf, pages, deletes)

    def _edit_nets(self) -> Edition:
        kept_since = milliseconds(self._work.clock() - KEPT)
        rows = {
            net_key(sku, *key): (net.now, net.anchored, net.last)
            for sku, nets in self._nets.items()
            for key, net in kept(nets, kept_since)
        }
        pages = (_nets_page(c, rows) for c in _cut(sorted(rows)))
        shelf = self._shelf(nets_book(self._pin.location), NETS, self._pin.nets)
        return edited(shelf, pages, sorted(self._was - rows.keys()))

    def _shelf(self, book: str, schema: BookSchema, pinned: BookPin | None) -> Shelf:
        """The book as the checkpoint has it that this one builds on, which may be an older one."""
        pages, head = self._work.pages, self._work.registry.get(Head, book)
        manifest = Manifest.of(schema.kind, ())
        if pinned is not None:
            manifest = load_manifest(pages, book, pinned.manifest)
        return Shelf(pages, book, schema, head, manifest)

    def _publish(self, positions: Edition, nets: Edition) -> LedgerHead:
        head = self._head(positions, nets)
        version = LedgerVersion.model_validate(head.model_dump())
        imprint = Imprint(
            version=head.version,
            as_of=from_milliseconds(self._until),
            made_by="ledger",
            at=head.at,
        )
        writes: list[Write] = [*publishing(positions, imprint), *publishing(nets, imprint)]
        visible = Replace(head, self._before.version) if self._before else Create(head)
        self._work.registry.write(*writes, visible, Create(version))
        return head

    def _head(self, positions: Edition, nets: Edition) -> LedgerHead:
        floors, recorded = zip(*map(self._floor, range(SHARDS)), strict=True)
        version = self._before.value.version + 1 if self._before else 1
        return LedgerHead(
            location=self._pin.location,
            version=version,
            until=self._until,
            covered=self._pin.cut,
            floor=floors,
            positions=_pinned(positions, version),
            nets=_pinned(nets, version),
            baseline=self._pin.baseline,
            recorded_until=max(recorded),
            movements=self._movements,
            at=self._work.clock(),
        )

    def _floor(self, shard: int) -> tuple[int, int]:
        """The first block with something later than the checkpoint, and the last recording."""
        stream, cut = movements_stream(self._pin.location), self._pin.cut[shard]
        floor, recorded = cut + 1, 0
        for sequence, block in self._work.ledger.read(
            stream, shard, min(self._pin.floor[shard], cut) - 1, cut
        ):
            recorded = block.recorded_at
            if block.last > self._until:
                floor = min(floor, sequence)
        return floor, recorded


def _pinned(edition: Edition, version: int) -> BookPin:
    return BookPin(book=edition.shelf.book, version=version, manifest=edition.hash)


def _cut(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))


def _positions_page(skus: Sequence[str], rows: dict[str, Row | None]) -> Page:
    found = [row for row in map(rows.get, skus) if row is not None]
    columns = _columns(POSITIONS, (row[0] for row in found))
    return Page([*skus], columns, {"counts": [row[1] for row in found]})


def _nets_page(keys: Sequence[str], rows: dict[str, tuple[int, int, int]]) -> Page:
    return Page([*keys], _columns(NETS, (rows[key] for key in keys)), {})


def _columns(schema: BookSchema, rows: Iterable[Sequence[int]]) -> dict[str, list[int]]:
    return {name: list(c) for name, c in zip(schema.ints, zip(*rows, strict=True), strict=True)}
