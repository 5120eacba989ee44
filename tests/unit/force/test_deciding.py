"""A plan that is pushed though nobody may, or half; or a decision that nobody can find."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.force.decisions_world import (
    ACCOUNT,
    COOLDOWN,
    HASH,
    OVER,
    SELLER,
    START,
    Decisions,
    capabilities,
)
from trueup.domain.errors import ConflictError, ForbiddenError, RetryLaterError
from trueup.domain.force import (
    ForceSettings,
    PlanKind,
    PlanState,
    PlanSummary,
    Share,
    Urgency,
    in_share,
)
from trueup.ports import Create
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import cancel, decide, reject


def test_confirming_claims_every_location_and_starts_one_execution() -> None:
    world = Decisions()
    world.propose("P1", {"1": (2, 1), "2": (0, 3)})
    plan = world.decide("P1", note="Now.")
    assert plan == world.plan("P1")
    assert plan.state is PlanState.FORCING
    (stage,) = plan.stages
    assert (stage.decided_by, stage.approved, stage.note) == ("olga", False, "Now.")
    assert stage.sequences == {"1": 1, "2": 1}
    slots = world.slots()
    assert {place: slot.holder for place, slot in slots.items()} == {"1": "P1/all", "2": "P1/all"}
    until = START + timedelta(seconds=COOLDOWN)
    assert {slot.cooling_until for slot in slots.values()} == {until}
    event = {"schema": 1, "seller": SELLER, "account": ACCOUNT, "plan": "P1", "share": "all"}
    assert world.machines.started == [("force", "P1-all", event)]


@pytest.mark.parametrize("share", [Share.ALL, Share.REST])
def test_a_plan_over_its_limits_needs_somebody_else_than_who_proposed_it(share: Share) -> None:
    world = Decisions()
    world.propose("P1", {"1": (2, 2)}, **OVER)
    if share is Share.REST:
        world.decide("P1", share=Share.DECREASES)
        world.end("P1", Share.DECREASES)
        world.now += timedelta(seconds=60)
    before = world.everything()
    with pytest.raises(ForbiddenError, match="units, share"):
        world.decide("P1", by="ann", share=share)
    with pytest.raises(ForbiddenError, match="Another person"):
        world.decide("P1", by="olga", share=share, approving=True)
    assert world.everything() == before
    stage = world.decide("P1", by="ann", share=share, approving=True).stage(share)
    assert stage is not None
    assert (stage.decided_by, stage.approved) == ("ann", True)


def test_a_one_person_seller_may_approve_what_they_proposed() -> None:
    world = Decisions()
    world.plain.write(Create(ForceSettings(account=ACCOUNT, second_approval=False)))
    world.propose("P1", {"1": (1, 1)}, **OVER)
    assert world.decide("P1", approving=True).stages[0].approved


def test_decreases_without_a_rest_are_the_whole() -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 0)})
    world.decide("P1", share=Share.DECREASES)
    world.end("P1", Share.DECREASES)
    assert world.plan("P1").state is PlanState.FINISHED


def test_it_is_decided_though_no_machine_could_be_started() -> None:
    class Busy:
        def start(self, *_: Any) -> None:
            raise RetryLaterError("Step Functions is busy.")

    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    wish = Wish(by="olga", hash=HASH)
    plan = decide(world.counter(machines=Busy()), ACCOUNT, "P1", wish)
    assert plan == world.plan("P1")
    assert plan.state is PlanState.FORCING


def test_an_answer_that_was_lost_is_no_refusal() -> None:
    """The transaction went through, and nobody heard: the decision is found to be one's own."""
    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    counter = world.counter(inner=Unheard(world.plain))
    plan = decide(counter, ACCOUNT, "P1", Wish(by="olga", hash=HASH))
    assert plan == world.plan("P1")
    assert world.slot("1").sequence == 1


class Unheard:
    """A registry whose first write is done, and its answer lost."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._lost = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, *writes: Any) -> None:
        self._inner.write(*writes)
        if not self._lost:
            self._lost = True
            raise RetryLaterError("No answer in time.")


def test_nobody_waits_for_ever() -> None:
    class Refusing(Unheard):
        def write(self, *_: Any) -> None:
            world.now += timedelta(seconds=3)
            raise RetryLaterError("Busy.")

    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    counter = world.counter(inner=Refusing(world.plain))
    with pytest.raises(RetryLaterError, match="Many changes"):
        decide(counter, ACCOUNT, "P1", Wish(by="olga", hash=HASH))
    assert world.now <= START + timedelta(seconds=12)
    assert world.plan("P1").stages == ()


def test_a_plan_is_turned_down_or_taken_back_and_never_used_after() -> None:
    world = Decisions()
    for id_ in ("P1", "P2"):
        world.propose(id_, {"1": (1, 1)}, **OVER)
    rejected = reject(world.counter("ann"), ACCOUNT, "P1", "ann", "Count first.")
    assert (rejected.state, rejected.closed_by) == (PlanState.REJECTED, "ann")
    with pytest.raises(ForbiddenError, match="Only the one"):
        cancel(world.counter("ann"), ACCOUNT, "P2", "ann", "")
    cancelled = cancel(world.counter(), ACCOUNT, "P2", "olga", "Wrong place.")
    assert (cancelled.state, cancelled.note) == (PlanState.CANCELLED, "Wrong place.")
    before = world.everything()
    for id_ in ("P1", "P2"):
        with pytest.raises(ConflictError, match="used already"):
            world.decide(id_, by="ann", approving=True)
        with pytest.raises(ConflictError):
            reject(world.counter("ann"), ACCOUNT, id_, "ann", "")
    assert world.everything() == before
    assert world.slots() == {}


@pytest.mark.parametrize("ended", [False, True])
def test_turning_down_the_rest_ends_a_plan_when_its_decreases_have_ended(
    ended: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)}, **OVER)
    world.decide("P1", share=Share.DECREASES)
    if ended:
        world.end("P1", Share.DECREASES)
    closed = reject(world.counter("ann"), ACCOUNT, "P1", "ann", "")
    assert closed.state is (PlanState.FINISHED if ended else PlanState.FORCING)
    with pytest.raises(ConflictError, match="used already"):
        world.decide("P1", by="ann", share=Share.REST, approving=True)
    if not ended:
        world.end("P1", Share.DECREASES)
    assert world.plan("P1").state is PlanState.FINISHED


def test_every_decision_is_in_the_trail_with_who_made_it() -> None:
    world = Decisions()
    for id_ in ("P1", "P2", "P3"):
        world.propose(id_, {"1": (1, 1), "2": (1, 0)}, **(OVER if id_ == "P1" else {}))
    world.decide("P1", by="ann", approving=True)
    reject(world.counter("ann"), ACCOUNT, "P2", "ann", "No.")
    cancel(world.counter(), ACCOUNT, "P3", "olga", "")
    told = [
        (r.actor, c.kind, c.subject, c.after["state"]) for r in world.trail() for c in r.changes
    ]
    assert told == [
        ("ann", "force-plan", "eu/P1", "forcing"),
        ("ann", "force-plan", "eu/P2", "rejected"),
        ("olga", "force-plan", "eu/P3", "cancelled"),
    ]
    (stage,) = world.trail()[0].changes[0].after["stages"]
    assert (stage["decided_by"], stage["approved"]) == ("ann", True)


def test_forty_locations_are_claimed_at_once() -> None:
    places = [f"L{number:02d}" for number in range(40)]
    world = Decisions(*places)
    world.propose("P1", dict.fromkeys(places, (1, 1)))
    world.propose("U1", dict.fromkeys(places, (1, 1)), kind=PlanKind.UNDO, of="P1")
    assert len(world.decide("P1").stages[0].sequences) == 40
    world.end("P1")
    world.now += timedelta(seconds=60)
    assert len(world.decide("U1").stages[0].sequences) == 40


def test_rows_are_in_one_part_or_the_other() -> None:
    for urgency in Urgency:
        for unexplained in (0, 1, 7):
            parts = [in_share(urgency, unexplained, s) for s in (Share.DECREASES, Share.REST)]
            assert sorted(parts) == [False, True]
            assert in_share(urgency, unexplained, Share.ALL)
    assert in_share(Urgency.OVERSOLD, 0, Share.DECREASES)
    assert in_share(Urgency.DECREASE, 0, Share.DECREASES)
    assert not in_share(Urgency.DECREASE, 1, Share.DECREASES)
    assert not in_share(Urgency.INCREASE, 0, Share.DECREASES)


def test_a_part_has_as_long_as_its_plan_and_its_channel_need() -> None:
    world = Decisions(capabilities=capabilities(settle_seconds=3600))
    world.propose("P1", {"1": (1, 1)}, summary=PlanSummary(seconds=1800))
    (stage,) = world.decide("P1").stages
    assert stage.deadline == START + timedelta(hours=6 + 1 + 1)
    assert world.plan("P1").appointment == ("open", stage.deadline)
