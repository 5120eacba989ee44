"""A seller whose till gives a snapshot of its stock now and then, and no movements."""

from collections.abc import Mapping
from datetime import timedelta

from tests.moves import captured
from tests.shelf import Shelf
from tests.unit.reconcile.test_ledger_runs import told
from tests.world import World
from trueup.adapters.memory_objects import MemoryObjects
from trueup.domain.accounts import Location
from trueup.domain.imports import ImportKind
from trueup.domain.outcomes import Reason
from trueup.domain.sources import Provides, Source
from trueup.ports import Create
from trueup.usecases.exceptions.incidents import Wanted, list_incidents
from trueup.usecases.imports import Intake, NewImport, import_rows
from trueup.usecases.ingest.stepping import take_step
from trueup.usecases.ingest.steps import Order
from trueup.usecases.ingest.validating import validate_import
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.variances.telling import latest_run

MINUTE = timedelta(minutes=1)


class SnapshotWorld(World):
    """Snapshots are imported and runs made by the use cases that ship."""

    def __init__(self, stock: Mapping[str, int]) -> None:
        super().__init__(Shelf(stock={("1", sku): units for sku, units in stock.items()}))
        self.files = MemoryObjects()
        source = Source(
            code="till", name="Till", kind="pos", provides=Provides.SNAPSHOTS, max_age_minutes=120
        )
        self.registry.write(Create(source), Create(Location(code="main", name="Shop")))
        self.link()
        self.listings(stock)
        self.snapshot(stock)

    def snapshot(self, stock: Mapping[str, int]) -> None:
        """The till's stock as of now."""
        intake = Intake(self.registry, self.files, self.machines, self.clock, self.new_id)
        new = NewImport(
            kind=ImportKind.BASELINE,
            target="main",
            source="till",
            as_of=self.now,
            max_drop_percent=100,
        )
        rows = [{"sku": sku, "on_hand": units} for sku, units in stock.items()]
        item = import_rows(intake, new, rows, "ada")
        work = IngestWork(self.registry, self.pages, self.files, self.clock, self.ledger)
        validate_import(work, item.id)
        take_step(work, Order(1, "acme", item.id), lambda: False)
        take_step(work, Order(1, "acme", item.id, "variances"), lambda: False)

    def run_after(self, minutes: int, **shown: int) -> dict[str, Reason]:
        """So many minutes later a run captures what the channel shows."""
        self.now += minutes * MINUTE
        self.shelf.stock.update({("1", sku): units for sku, units in shown.items()})
        captured(self)
        self.reconcile()
        return {sku: Reason(row["reason"]) for sku, row in self.rows().items()}


def test_stock_that_moved_between_snapshots_is_explained_once_and_then_an_exception() -> None:
    world = SnapshotWorld({"A": 10, "B": 5})
    assert world.run_after(10) == {"A": Reason.MATCHES, "B": Reason.MATCHES}
    assert world.run_after(20, A=7)["A"] is Reason.EXPLAINED
    assert told(world, "A") == [("moved_between_snapshots", 3)]
    assert world.run_after(20)["A"] is Reason.DIFFERS
    assert told(world, "A") == [("moved_between_snapshots", 3)]


def test_the_next_snapshot_settles_it() -> None:
    world = SnapshotWorld({"A": 10, "B": 5})
    assert world.run_after(30, A=7)["A"] is Reason.EXPLAINED
    world.snapshot({"A": 7, "B": 5})
    assert world.run_after(5) == {"A": Reason.MATCHES, "B": Reason.MATCHES}


def test_a_snapshot_past_its_age_makes_every_verdict_stale() -> None:
    world = SnapshotWorld({"A": 10, "B": 5})
    assert world.run_after(119)["B"] is Reason.MATCHES
    assert world.run_after(3, A=7) == {"A": Reason.STALE, "B": Reason.STALE}
    world.snapshot({"A": 7, "B": 5})
    assert world.run_after(1) == {"A": Reason.MATCHES, "B": Reason.MATCHES}


def test_a_change_of_stock_is_no_variance_where_nothing_is_expected() -> None:
    world = SnapshotWorld({"A": 10, "B": 5})
    world.now += 30 * MINUTE
    world.snapshot({"A": 2, "B": 9})
    run = latest_run(world.registry, "main")
    assert run is not None
    assert (run.none, run.differing, run.version) == ("snapshots_only", 0, 2)
    page = list_incidents(world.registry, Wanted(), world.now, cursor=None, limit=9)
    assert page.incidents == []
