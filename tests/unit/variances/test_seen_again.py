"""Finds: what was learnt later in what was known earlier."""

from tests.unit.ingest.intake_world import PLACE
from tests.unit.variances.variance_world import VarianceWorld
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.ledger.positions import position_of


def test_the_same_stock_stated_again_was_not_known_before_it_was_stated() -> None:
    world = VarianceWorld()
    world.state({"A": 10})
    world.later()
    world.move("ship", "A", 3)
    before = world.now
    world.later()
    assert world.state({"A": 10}).state == "Unchanged"
    desk = LedgerDesk(world.registry, world.pages, world.ledger, world.clock)
    assert position_of(desk, PLACE, "A", world.now).position.on_hand == 10
    then = position_of(desk, PLACE, "A", world.now, known_at=before)
    assert then.position.on_hand == 7
