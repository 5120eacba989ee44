"""A decision that dies half way: slots that nobody holds, or a plan that nobody pushes."""

import pytest

from tests.faults import Died, Injector, Kind, each_call
from tests.unit.force.decisions_world import ACCOUNT, HASH, Decisions
from tests.unit.force.test_attending import swept
from trueup.domain.errors import ConflictError, TrueupError
from trueup.domain.force import PlanState, Share, holder_of
from trueup.usecases.force.attending import NEVER_STARTED
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import decide

KINDS = (Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER, Kind.CONFLICT)


def confirm(world: Decisions, injector: Injector | None = None) -> bool:
    """Whether the decision came to its end."""
    hands = injector or Injector(Kind.SLOW, 0)
    counter = world.counter(inner=hands.wrap(world.plain), machines=hands.wrap(world.machines))
    try:
        decide(counter, ACCOUNT, "P1", Wish(by="olga", hash=HASH))
    except (Died, TrueupError):
        return False
    return True


def is_decided(world: Decisions) -> bool:
    """All of it or nothing."""
    plan, slots = world.plan("P1"), world.slots()
    if plan.stages:
        assert plan.state is PlanState.FORCING
        assert {slot.holder for slot in slots.values()} == {holder_of("P1", Share.ALL)}
        assert plan.stages[0].sequences == {place: s.sequence for place, s in slots.items()}
        assert set(slots) == {"1", "2"}
        assert len(world.trail()) == 1
    else:
        assert plan.state is PlanState.PROPOSED
        assert slots == {}
        assert world.trail() == []
    return bool(plan.stages)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_call_fails_all_is_claimed_or_nothing_and_it_is_pushed_once(kind: Kind) -> None:
    calls = 0
    for injector in each_call(kind):
        world = Decisions()
        world.propose("P1", {"1": (1, 1), "2": (0, 2)})
        ended = confirm(world, injector)
        decided = is_decided(world)
        assert decided or not ended
        if decided:
            with pytest.raises(ConflictError):
                world.decide("P1")
        else:
            assert confirm(world)
        world.now += NEVER_STARTED
        swept(world)
        assert [name for _, name, _ in world.machines.started] == ["P1-all"]
        assert [slot.sequence for slot in world.slots().values()] == [1, 1]
        calls += 1
    assert calls > (1 if kind is Kind.CONFLICT else 6)
