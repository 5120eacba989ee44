"""The first half of an import: read all of a file, list every fault, sort what is fine."""

from dataclasses import dataclass, field

from trueup.domain.imports import Import, ImportKind
from trueup.domain.runs import Segment
from trueup.usecases.ingest import objects
from trueup.usecases.ingest.batches import Batch, batches
from trueup.usecases.ingest.cells import NumberCell
from trueup.usecases.ingest.columns import read_header
from trueup.usecases.ingest.faults import Faults
from trueup.usecases.ingest.kinds import Built, Kind
from trueup.usecases.ingest.listed import LISTED
from trueup.usecases.ingest.movement_rows import movement_kind
from trueup.usecases.ingest.positions import POSITIONS
from trueup.usecases.ingest.reading import opened
from trueup.usecases.ingest.repeats import Seen
from trueup.usecases.ingest.sorting import CODES, Sorter
from trueup.usecases.ingest.tables import Table, UnreadableError
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.intake.setting import setting_of

KINDS = {ImportKind.BASELINE: POSITIONS, ImportKind.LISTINGS: LISTED}
"""Of imports that go into books."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file holds; `numbers` counts codes that a sheet keeps as numbers.

    `contradictions` are rows that state another sellable quantity than their columns leave;
    `left_out` the quantities that it has no column for.
    """

    faults: Faults
    rows: int = 0
    sha256: str | None = None
    segments: tuple[Segment, ...] = ()
    numbers: int = 0
    contradictions: Faults = field(default_factory=Faults)
    left_out: tuple[str, ...] = ()


def check_file(work: IngestWork, item: Import) -> Checked:
    """Read an import's file to its end. A file with faults leaves no use of its segments."""
    faults = Faults()
    try:
        with opened(work.files, item) as (table, body):
            intake = _Intake(work, item, _kind_of(work, item), faults)
            intake.take(table)
            return intake.checked(body.sha256())
    except UnreadableError as error:
        faults.add(error.row, "", "", error.reason)
        return Checked(faults)


def _kind_of(work: IngestWork, item: Import) -> Kind:
    if item.kind is ImportKind.MOVEMENTS:
        return movement_kind(setting_of(work.registry, item.target), work.clock())
    return KINDS[item.kind]


class _Intake:
    """One pass over a file."""

    def __init__(self, work: IngestWork, item: Import, kind: Kind, faults: Faults) -> None:
        self._kind = kind
        self._faults = faults
        self._contradictions = Faults()
        self._seen = Seen()
        self._rows = self._numbers = 0
        self._left_out: tuple[str, ...] = ()
        self._sorter = Sorter(
            work.files, objects.segments_prefix(work.seller, item.id, objects.ROWS), kind.schema
        )
        self._codes: Sorter | None = None
        if item.kind is ImportKind.LISTINGS:
            prefix = objects.segments_prefix(work.seller, item.id, objects.CODES)
            self._codes = Sorter(work.files, prefix, CODES)

    def take(self, table: Table) -> None:
        header = read_header(self._kind.layout, table.header, self._faults, table.header_row)
        if self._faults.count:
            return  # what the cells mean is not known
        named = {column.name for column in header.places.values()}
        self._left_out = tuple(name for name in self._kind.omissible if name not in named)
        for batch in batches(table, header, self._faults):
            self._rows += len(batch.numbers)
            self._numbers += _number_codes(batch)
            built = self._kind.build(batch, self._faults)
            self._kind.doubt(batch, self._contradictions)
            self._refuse_repeats(batch, built)
            if not self._faults.count:
                self._sort(batch, built)

    def checked(self, sha256: str) -> Checked:
        if not self._rows and not self._faults.count:
            self._faults.add(0, "", "", "has no rows below its header")
        sorters = [self._sorter, *([self._codes] if self._codes else [])]
        if self._faults.count:
            return Checked(self._faults, self._rows, sha256, contradictions=self._contradictions)
        for sorter in sorters:
            sorter.flush()
        segments = tuple(segment for sorter in sorters for segment in sorter.segments)
        return Checked(
            self._faults,
            self._rows,
            sha256,
            segments,
            self._numbers,
            self._contradictions,
            self._left_out,
        )

    def _refuse_repeats(self, batch: Batch, built: Built) -> None:
        for index, first in self._seen.repeated(built.codes, batch.numbers):
            reason = f"the same code as in row {first}: {built.codes[index]}"
            batch.fault(self._faults, index, self._kind.unique, reason)

    def _sort(self, batch: Batch, built: Built) -> None:
        self._sorter.add(built.keys, built.ints, built.texts)
        if self._codes:
            lines = {"line": list(batch.numbers)}
            self._codes.add(built.codes, lines, {"listing_key": built.keys})


def _number_codes(batch: Batch) -> int:
    return sum(isinstance(text, NumberCell) for text in batch.texts.get("sku", ()))
