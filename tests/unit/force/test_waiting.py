"""Forces too soon after another, or beside it; or one that has to wait for nothing."""

from datetime import timedelta

import pytest

from tests.unit.force.decisions_world import COOLDOWN, OVER, Decisions
from trueup.domain.errors import CoolingError
from trueup.domain.force import PlanKind, PlanState, Share


def test_who_comes_second_is_told_how_long_where_and_by_whom() -> None:
    world = Decisions()
    world.propose("P1", {"2": (1, 0)})
    world.propose("P2", {"1": (1, 0), "2": (1, 0)})
    world.decide("P1")
    world.now += timedelta(seconds=100.5)
    before = world.everything()
    with pytest.raises(CoolingError, match="2 is being forced by plan P1") as caught:
        world.decide("P2")
    assert caught.value.seconds == 800
    assert [fault.where for fault in caught.value.faults] == ["2"]
    assert world.everything() == before
    world.end("P1")
    with pytest.raises(CoolingError, match="2 cools down for another 800 s"):
        world.decide("P2")
    world.now += timedelta(seconds=800)
    assert set(world.decide("P2").stages[0].sequences.items()) == {("1", 1), ("2", 2)}


def test_the_cooldown_is_given_back_only_if_nothing_was_sent() -> None:
    world = Decisions()
    for id_ in ("P1", "P2", "P3"):
        world.propose(id_, {"1": (1, 0)})
    world.decide("P1")
    world.end("P1", sent=False)
    world.decide("P2")
    world.end("P2", sent=True)
    with pytest.raises(CoolingError):
        world.decide("P3")
    assert world.slot("1").sequence == 2


def test_decreases_go_while_the_rest_waits_and_the_rest_is_free_of_the_cooldown() -> None:
    world = Decisions()
    world.propose("P1", {"1": (2, 2), "2": (0, 4), "3": (1, 0)}, **OVER)
    plan = world.decide("P1", share=Share.DECREASES)
    assert set(plan.stages[0].sequences) == {"1", "3"}
    with pytest.raises(CoolingError):  # at work at 1
        world.decide("P1", by="ann", share=Share.REST, approving=True)
    world.end("P1", Share.DECREASES)
    assert world.plan("P1").state is PlanState.PROPOSED
    world.now += timedelta(seconds=59)
    with pytest.raises(CoolingError) as caught:
        world.decide("P1", by="ann", share=Share.REST, approving=True)
    assert caught.value.seconds == 1
    world.now += timedelta(seconds=1)
    plan = world.decide("P1", by="ann", share=Share.REST, approving=True)
    assert plan.stages[1].sequences == {"1": 2, "2": 1}
    world.end("P1", Share.REST)
    assert world.plan("P1").state is PlanState.FINISHED


def test_the_rest_waits_where_another_plan_came_between() -> None:
    world = Decisions()
    world.propose("P1", {"1": (2, 2)})
    world.propose("P2", {"1": (1, 0)}, kind=PlanKind.RETRY)
    world.decide("P1", share=Share.DECREASES)
    world.end("P1", Share.DECREASES)
    world.now += timedelta(seconds=60)
    world.decide("P2")
    world.end("P2")
    world.now += timedelta(seconds=60)
    with pytest.raises(CoolingError):
        world.decide("P1", share=Share.REST)


def test_a_retry_waits_the_minimum_of_the_channel_only_and_never_beside_another() -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 0)})
    world.propose("R1", {"1": (1, 0)}, kind=PlanKind.RETRY)
    world.decide("P1")
    world.now += timedelta(seconds=61)
    with pytest.raises(CoolingError, match="forced by plan P1"):
        world.decide("R1")
    world.end("P1")
    assert world.decide("R1").state is PlanState.FORCING


def test_one_undo_of_a_plan_is_free_of_the_cooldown_and_no_second() -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 0)})
    for id_ in ("U1", "U2"):
        world.propose(id_, {"1": (1, 0)}, kind=PlanKind.UNDO, of="P1")
    world.decide("P1")
    world.end("P1")
    world.now += timedelta(seconds=60)
    world.decide("U1")
    assert world.plan("P1").undone_by == "U1"
    world.end("U1")
    world.now += timedelta(seconds=60)
    with pytest.raises(CoolingError):
        world.decide("U2")
    world.now += timedelta(seconds=COOLDOWN - 60)
    world.decide("U2")
    assert world.plan("P1").undone_by == "U1"
