"""One seller's imports in memory, run by the machine that ships."""

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import openpyxl

from tests.asl import ExecutionFailedError, Machine
from trueup.adapters.memory_events import MemoryEvents
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.memory_objects import MemoryObjects
from trueup.adapters.memory_pages import MemoryPages
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.books.schema import ALIASES, BASELINE, LISTINGS, BookSchema
from trueup.domain.accounts import Account, Location
from trueup.domain.imports import Import
from trueup.domain.runs import Head
from trueup.domain.sources import Source
from trueup.domain.time import ulid_ids
from trueup.ports import Create, Ledger, Machines, ObjectStore, PageStore, Registry
from trueup.usecases import books, imports
from trueup.usecases.finalising import ending_of, finalise
from trueup.usecases.ingest.editions import shelf
from trueup.usecases.ingest.stepping import take_step
from trueup.usecases.ingest.steps import answer, read_order
from trueup.usecases.ingest.validating import validate_import
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.listings import ListingDesk
from trueup.usecases.work import Plant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SELLER, ACCOUNT, PLACE, SOURCE = "acme", "eu", "main", "wms"
TARGETS = {"baseline": PLACE, "listings": ACCOUNT, "movements": SOURCE}


class IntakeWorld:
    """Ports are attributes, so that a test can wrap any of them."""

    def __init__(self) -> None:
        self.now = NOW
        self.registries: Any = MemoryRegistries()
        self.registry: Registry = self.registries.of(SELLER)
        self.pages: PageStore = MemoryPages(self.clock)
        self.files: ObjectStore = MemoryObjects()
        self.ledger: Ledger = MemoryLedger()
        self.machines: Machines = MemoryMachines()
        self.new_id = ulid_ids(self.clock)
        self.registry.write(
            Create(Account(id=ACCOUNT, channel="sandbox", name="EU", created_at=NOW)),
            Create(Location(code=PLACE, name="Main")),
            Create(Source(code=SOURCE, name="Warehouse", units={"case": 12})),
        )

    def clock(self) -> datetime:
        return self.now

    # Ports of the use cases ---------------------------------------------------------------------

    def intake(self) -> imports.Intake:
        return imports.Intake(self.registry, self.files, self.machines, self.clock, self.new_id)

    def work(self) -> IngestWork:
        return IngestWork(self.registry, self.pages, self.files, self.clock, self.ledger)

    def desk(self) -> ListingDesk:
        return ListingDesk(self.registry, self.pages, self.clock)

    def plant(self) -> Plant:
        return Plant(self.registries, self.machines, MemoryEvents(), self.clock, self.new_id)

    # Importing ----------------------------------------------------------------------------------

    def upload(self, body: bytes | str, kind: str = "baseline", **options: Any) -> Import:
        """Create an import, put its file, and ask for its start."""
        fields = {"kind": kind, "target": TARGETS[kind]} | options
        created = imports.create_import(
            self.intake(), imports.NewImport.model_validate(fields), "ada"
        )
        self.files.put(created.item.object_key, body.encode() if isinstance(body, str) else body)
        return imports.start_import(self.intake(), created.item.id)

    def take(self, body: bytes | str, kind: str = "baseline", **options: Any) -> Import:
        """The import of a file after its execution."""
        return self.execute(self.upload(body, kind, **options))

    def take_rows(self, rows: Sequence[Mapping[str, Any]], kind: str = "baseline") -> Import:
        new = imports.NewImport.model_validate({"kind": kind, "target": TARGETS[kind]})
        return self.execute(imports.import_rows(self.intake(), new, rows, "ada"))

    def confirm(self, item: Import) -> Import:
        return self.execute(imports.confirm_import(self.intake(), item.id))

    def execute(self, item: Import, machine: Machine | None = None) -> Import:
        """Run the machine; an execution that fails leaves its cause on the import."""
        payload = {"schema": 1, "seller": SELLER, "import": item.id}
        with suppress(ExecutionFailedError):
            (machine or self.machine()).run(payload)
        return self.item(item.id)

    def machine(self, hurried: Callable[[], bool] = lambda: False) -> Machine:
        """The shipped machine with the real steps behind it."""
        tasks = {
            "${ValidateImportFunctionArn}": lambda e: answer(
                validate_import(self.work(), read_order(e).import_)
            ),
            "${ApplyImportFunctionArn}": lambda e: answer(
                take_step(self.work(), read_order(e), hurried)
            ),
            "${FinaliseFunctionArn}": lambda e: finalise(self.plant(), ending_of(e)).model_dump(),
        }
        return Machine("ingest", tasks)

    # Looking ------------------------------------------------------------------------------------

    def item(self, id_: str) -> Import:
        return imports.get_import(self.registry, id_)

    def report(self, item: Import) -> str:
        assert item.report_key is not None
        return self.files.get(item.report_key).decode("utf-8-sig")

    def head(self, book: str) -> Head | None:
        stored = self.registry.get(Head, book)
        return stored.value if stored else None

    def rows(self, book: str, schema: BookSchema) -> dict[str, dict[str, Any]]:
        reader = shelf(self.registry, self.pages, book, schema).reader()
        return {row["key"]: row for page in reader.scan() for row in page.rows()}

    def positions(self) -> dict[str, dict[str, Any]]:
        return self.rows(books.baseline_book(PLACE), BASELINE)

    def listings(self) -> dict[str, dict[str, Any]]:
        return self.rows(books.listings_book(ACCOUNT), LISTINGS)

    def aliases(self) -> dict[str, str]:
        rows = self.rows(books.aliases_book(ACCOUNT), ALIASES)
        return {code: row["listing_key"] for code, row in rows.items()}


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    """An .xlsx file of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()
