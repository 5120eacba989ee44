"""Finds: what was learnt later in what was known earlier."""

from datetime import timedelta

from tests.unit.ingest.intake_world import PLACE
from tests.unit.variances.variance_world import VarianceWorld
from trueup.domain.heads import SeenAgain
from trueup.usecases.ledger.checkpoints import stated_before
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.ledger.positions import position_of
from trueup.usecases.whole import all_of

HOUR = timedelta(hours=1)


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


def test_each_instant_at_which_the_same_was_stated_is_remembered() -> None:
    world = VarianceWorld()
    moments = []
    for stock in (10, 10, 10, 4, 4, 4, 10):
        world.state({"A": stock})
        stated = world.now
        world.later()
        world.move("ship", "A", 3)
        moments.append((stated, world.now, stock))
        world.later()
    desk = LedgerDesk(world.registry, world.pages, world.ledger, world.clock)
    for stated, at, stock in moments:
        assert position_of(desk, PLACE, "A", at, known_at=at).position.on_hand == stock - 3
        assert position_of(desk, PLACE, "A", at).position.on_hand == stock - 3
        assert position_of(desk, PLACE, "A", stated).position.on_hand == stock
    kept = [(one.version, one.as_of) for one in stated_before(world.registry, PLACE)]
    assert sorted(kept) == sorted(
        (version, stated)
        for version, (stated, _, _) in zip((1, 1, 1, 2, 2, 2, 3), moments, strict=True)
    )


def test_what_is_remembered_goes_once_positions_do_not_reach_back_so_far() -> None:
    world = VarianceWorld()
    for _ in range(3):
        world.state({"A": 10})
        world.later()
    (again,) = all_of(world.registry, SeenAgain)
    assert again.value.forget_at == again.value.replaced_at + timedelta(days=36)
    assert again.value.replaced_at == world.now - HOUR
