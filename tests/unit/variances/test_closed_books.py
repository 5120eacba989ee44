"""Variances of a location whose books are closed meanwhile: they must not notice."""

import pytest

from tests.unit.ingest.intake_world import PLACE
from tests.unit.variances.variance_world import VarianceWorld
from trueup.usecases.ledger.closing import close_ledger
from trueup.usecases.ledger.desk import ClosingWork, LedgerDesk
from trueup.usecases.variances.counting import counts_of, counts_of_sku
from trueup.usecases.variances.reading import Wanted, variance_of, variances_of

FIRST = {"A": 10, "B": 20, "C": 30, "D": 40}
DAY = 24 * 60


class ClosingWorld(VarianceWorld):
    def close(self) -> None:
        work = ClosingWork(self.registry, self.pages, self.ledger, self.clock)
        assert close_ledger(work, PLACE) is not None

    def ledger_desk(self) -> LedgerDesk:
        return LedgerDesk(self.registry, self.pages, self.ledger, self.clock)


def history(*, closing: bool) -> ClosingWorld:
    """Reservations and transfers that are open over two statements, and a count between."""
    world = ClosingWorld()
    world.state(FIRST)
    world.later(2 * DAY)
    world.move("reserve", "A", 4, DAY, reference="o1")
    world.move("inbound", "B", 5, DAY, reference="t1", counterpart="hub")
    if closing:
        world.close()
    world.later(60)
    world.state(FIRST | {"A": 9, "D": 39}, {"A": 4})
    world.later(2 * DAY)
    if closing:
        world.close()
    world.move("ship", "A", 4, 60, reference="o1")
    world.move("ship", "C", 2, 60)
    world.move("count", "C", 27, 50)
    world.later(30)
    world.state(FIRST | {"A": 4, "B": 25, "C": 27, "D": 39})
    return world


@pytest.mark.parametrize("closing", [False, True])
def test_closing_books_changes_no_variance(*, closing: bool) -> None:
    world = history(closing=closing)
    assert world.causes() == {"A": ("shrinkage", 1), "B": ("in_transit_counted", -5)}
    page = variances_of(world.ledger_desk(), PLACE, Wanted(version=2), cursor=None, limit=10)
    assert {row.sku: (row.cause, row.delta) for row in page.rows} == {
        "A": ("shrinkage", 1),
        "D": ("shrinkage", 1),
    }


@pytest.mark.parametrize("closing", [False, True])
def test_counts_start_from_the_baseline_before_them(*, closing: bool) -> None:
    world = history(closing=closing)
    (count,) = counts_of(world.ledger_desk(), PLACE).counts
    assert (count.expected, count.delta) == (28, 1)
    world.later(5)
    world.move("count", "C", 27, 1)
    world.move("count", "A", 5, 1)
    found = {(c.movement.sku, c.expected) for c in counts_of(world.ledger_desk(), PLACE).counts}
    assert found == {("C", 28), ("C", 27), ("A", 4)}
    if closing:
        world.later(2 * DAY)
        world.close()
    again = counts_of_sku(world.ledger_desk(), PLACE, "C").counts
    assert [c.expected for c in again] == [27, 28]


@pytest.mark.parametrize("closing", [False, True])
def test_one_sku_is_read_as_it_was_compared(*, closing: bool) -> None:
    world = history(closing=closing)
    for sku, row in world.variances().items():
        found = variance_of(world.ledger_desk(), PLACE, sku).found
        assert found is not None
        assert (found.delta, found.primary, found.unexplained) == (
            row["delta"],
            row["cause"],
            row["unexplained"],
        )
    agreed = variance_of(world.ledger_desk(), PLACE, "D").found
    assert agreed is not None
    assert not agreed.differs
