"""A seller with a past run that has something of everything, and exports of it."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from tests.asl import Machine
from tests.unit.replays.replay_world import furnished
from tests.world import ACCOUNT, SELLER, World
from trueup.adapters.memory_objects import MemoryObjects
from trueup.domain.exports import Export, Format, Shown
from trueup.ports import Files
from trueup.tables.model import Cell
from trueup.usecases.exports.batches import batches_of
from trueup.usecases.exports.building import build_export
from trueup.usecases.exports.freezing import Chosen, freeze
from trueup.usecases.exports.job import ExportJob, payload
from trueup.usecases.exports.starting import Wish, start_export
from trueup.usecases.exports.work import ExportDesk, ExportWork
from trueup.usecases.finalising import ending_of, finalise
from trueup.usecases.rows.filters import Filters

ROWS = Filters(account=ACCOUNT)
HEADINGS = 2
"""Rows of a sheet before the data."""


class ExportWorld:
    """A world with a bucket of exports."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or furnished()
        self.files: Files = MemoryObjects()
        if world is None:
            self.world.reconcile()

    @property
    def desk(self) -> ExportDesk:
        world = self.world
        return ExportDesk(
            world.registry, self.files, world.machines, world.clock, world.new_id, "ada"
        )

    @property
    def work(self) -> ExportWork:
        world = self.world
        return ExportWork(world.registry, world.pages, self.files, world.clock, world.new_id)

    def start(
        self, chosen: Chosen = ROWS, kind: Format = Format.XLSX, run: str | None = None, *names: str
    ) -> Export:
        columns = tuple(Shown(name=name) for name in names)
        return start_export(self.desk, Wish(kind, chosen, {"account": ACCOUNT}, columns, run))

    def build(self, export: Export) -> Export:
        job = ExportJob.model_validate(payload(SELLER, export))
        return build_export(self.work, job, lambda: False)

    def found(self, export: Export) -> Export:
        stored = self.world.registry.get(Export, export.id)
        assert stored is not None
        return stored.value

    def machine(self, spoilt: Mapping[str, Any] | None = None) -> Machine:
        """The shipped machine with the real steps behind it."""

        def built(event: dict[str, Any]) -> dict[str, Any]:
            done = build_export(self.work, ExportJob.model_validate(event), lambda: False)
            return {"state": str(done.state), "rows": done.rows, "cause": done.cause}

        plant = self.world.plant
        tasks = {
            "${ExportFunctionArn}": built,
            "${FinaliseFunctionArn}": lambda e: finalise(plant(), ending_of(e)).model_dump(),
        }
        return Machine("export", tasks | dict(spoilt or {}))

    def sheets(self, export: Export) -> dict[str, list[tuple[Any, ...]]]:
        """The finished file, sheet by sheet."""
        body = BytesIO(self.files.get(self.found(export).key))
        book = load_workbook(body, read_only=True)
        return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}

    def data(self, export: Export) -> list[tuple[Any, ...]]:
        """Its rows of data."""
        return next(iter(self.sheets(export).values()))[HEADINGS:]

    def now(self, chosen: Chosen, *names: str) -> list[tuple[Cell, ...]]:
        """What an export of this very moment would show."""
        frozen = freeze(self.world.registry, chosen, None, self.world.now)
        found = batches_of(self.world.registry, self.world.pages, frozen, names)
        return [row for batch in found for row in zip(*batch, strict=True)]
