"""Undo: exactly what a plan set and nobody touched since is as it was before."""

from datetime import timedelta

import pytest

from tests.unit.force.again_world import AgainWorld
from tests.unit.force.logged import Logbook, row
from tests.world import ACCOUNT
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.errors import ConflictError, ForbiddenError, NotFoundError, RejectedError
from trueup.domain.force import Over, PlanKind, PlanState, Share, Skip
from trueup.domain.pushlog import PushOutcome, PushRow, PushStatus
from trueup.usecases.force.undoing import Undoing, undo_plan
from trueup.usecases.force.undone import applied_rows
from trueup.usecases.recheck import recheck

SKUS = [f"S{i:02d}" for i in range(40)]
SHOWED = {sku: 10 + i for i, sku in enumerate(SKUS)}
WANTED = {sku: 51 + (i % 2) * 40 - i for i, sku in enumerate(SKUS)}
MODES = [{}, {"cas": False}, {"reports": "on_hand", "takes": "on_hand"}, {"idempotent": True}]


def above(world: AgainWorld) -> set[str]:
    """What the channel showed before, and may not be published now."""
    return {sku for sku in SKUS if SHOWED[sku] > WANTED[sku]}


@pytest.mark.parametrize("modes", MODES, ids=str)
def test_exactly_the_untouched_rows_are_restored(modes: dict[str, object]) -> None:
    world = AgainWorld(SHOWED, WANTED, **modes)
    plan = world.forced()
    assert world.shown() == WANTED
    seen, sold = SKUS[0:40:4], SKUS[1:40:4]
    for sku in seen:  # before the undo is asked for, and the product knows
        world.till.order(("1", sku), 2)
    world.now += timedelta(minutes=1)
    recheck(world.work(), account=ACCOUNT, location="1", skus=seen, requested_by="ada")
    undo = world.undo(plan, above=True)
    assert {k for k, skip in world.skips(undo).items() if skip is Skip.CHANGED} == set(seen)
    assert world.planned(undo)[seen[0]]["note"] == (
        "It shows 49 now, and was set to 51: sold, edited or pushed since."
    )
    for sku in sold:  # after it was planned, and nobody knows
        world.till.order(("1", sku), 3)
    ended = world.settled(undo, approving=True)
    expected = dict(SHOWED)
    expected |= {sku: WANTED[sku] - 2 for sku in seen} | {sku: WANTED[sku] - 3 for sku in sold}
    assert world.shown() == expected
    outcomes = world.outcomes(ended)
    assert {k for k, o in outcomes.items() if o is PushOutcome.STALE_CHANNEL} == set(sold)
    assert {o for k, o in outcomes.items() if k not in sold} == {PushOutcome.APPLIED}


def test_what_may_not_be_published_any_more_is_left_unless_asked_for() -> None:
    world = AgainWorld(SHOWED, WANTED)
    plan = world.forced()
    undo = world.undo(plan)
    skips = world.skips(undo)
    assert {k for k, s in skips.items() if s is Skip.ABOVE_PUBLISHABLE} == above(world)
    assert undo.approvals == ()
    world.settled(undo)
    assert world.shown() == {s: WANTED[s] if s in above(world) else SHOWED[s] for s in SKUS}


def test_what_may_not_be_published_needs_an_approver() -> None:
    world = AgainWorld(SHOWED, WANTED)
    undo = world.undo(world.forced(), above=True)
    assert undo.approvals == (Over.ABOVE_PUBLISHABLE,)
    with pytest.raises(ForbiddenError):
        world.begin(undo)
    world.settled(undo, approving=True)
    assert world.shown() == SHOWED


def test_rows_in_error_and_rows_that_matched_are_not_part_of_it() -> None:
    world = AgainWorld({"A": 5, "B": 5, "C": 5}, {"A": 3, "B": 4, "C": 5})
    world.till.refusing["B"] = "no"
    undo = world.undo(world.forced())
    assert set(world.planned(undo)) == {"A"}


def test_what_was_delisted_since_is_listed_as_such() -> None:
    world = AgainWorld({"A": 5, "B": 5}, {"A": 9, "B": 9})
    plan = world.forced()
    world.listings(["B"])
    world.reconcile()
    assert world.skips(world.undo(plan)) == {"A": Skip.UNMAPPED, "B": Skip.NOT_SKIPPED}


def test_planning_in_small_steps_gives_the_same_plan() -> None:
    world = AgainWorld(SHOWED, WANTED, batch=1)
    plan = world.forced()
    assert len(world.chunks(plan)) > 1
    whole = world.planned(world.undo(plan))
    other = AgainWorld(SHOWED, WANTED, batch=1)
    small = other.planned(other.undo(other.forced(), batch=3))
    assert {k: (r["target"], r["skip"]) for k, r in small.items()} == {
        k: (r["target"], r["skip"]) for k, r in whole.items()
    }


def test_the_applied_rows_of_all_parts_come_by_key_from_anywhere() -> None:
    book = Logbook(MemoryRegistries().of("acme"))

    def some(urgency: int, *keys: str) -> list[PushRow]:
        return [row(key, urgency=urgency) for key in keys]

    first = [("1", some(0, "D", "M")), ("2", some(0, "A")), ("1", some(1, "B", "C"))]
    first += [("1", some(1, "E", "F")), ("2", some(1, "G"))]
    rest = [("1", some(1, "A", "N")), ("1", some(2, "K")), ("1", some(2, "L", "Z"))]
    rest += [("1", [row("ZZ", PushOutcome.REJECTED)]), ("2", some(2, "P"))]
    plan = book.plan("eu", (Share.DECREASES, first), (Share.REST, rest))
    for lo in ("", "A", "B", "D", "EE", "M", "Z", "ZZZ"):
        keys = [r.key for r in applied_rows(book.registry, plan, "1", lo)]
        assert keys == [k for k in "ABCDEFKLMNZ" if k >= lo]
    assert [r.key for r in applied_rows(book.registry, plan, "2")] == ["A", "G", "P"]
    assert list(applied_rows(book.registry, plan, "3")) == []


def test_one_undo_stands_at_a_time_and_another_takes_up_what_is_left() -> None:
    world = AgainWorld({"A": 5, "B": 5}, {"A": 9, "B": 9})
    plan = world.forced()
    first = world.undo(plan)
    with pytest.raises(ConflictError, match="being undone already"):
        world.undo(plan)
    world.till.refusing["B"] = "closed for today"
    world.settled(first)
    assert world.shown() == {"A": 5, "B": 9}
    world.till.refusing.clear()
    world.now += timedelta(hours=1)
    second = world.undo(plan)
    assert world.skips(second) == {"A": Skip.CHANGED, "B": Skip.NOT_SKIPPED}
    world.settled(second)
    assert world.shown() == {"A": 5, "B": 5}
    with pytest.raises(ConflictError, match="undone already"):
        world.undo(plan)


def test_the_first_undo_is_free_of_the_cooldown() -> None:
    world = AgainWorld({"A": 5}, {"A": 9})
    world.settled(world.undo(world.forced()))
    assert world.shown() == {"A": 5}
    assert world.log()["A"].plan.kind is PlanKind.UNDO
    assert world.log()["A"].status is PushStatus.SUCCESS


def test_what_cannot_be_undone_is_refused_with_the_reason() -> None:
    world = AgainWorld({"A": 5, "B": 5}, {"A": 9, "B": 5})
    plan = world.forced()
    undo = world.settled(world.undo(plan))

    def asked(id_: str) -> None:
        undoing = Undoing(ACCOUNT, id_, "ada")
        undo_plan(world.work(), world.machines, world.new_id, undoing)

    with pytest.raises(RejectedError, match="An undo is not undone"):
        asked(undo.id)
    with pytest.raises(NotFoundError):
        asked("nope")
    book = Logbook(world.registry, world.now)
    failed = book.plan(ACCOUNT, (Share.ALL, [("1", [row("A", PushOutcome.REJECTED)])]))
    with pytest.raises(RejectedError, match="set nothing"):
        asked(failed.id)
    for state, reason in ((PlanState.PROPOSED, "decide"), (PlanState.FORCING, "pushed")):
        open_ = book.plan(ACCOUNT, (Share.DECREASES, [("1", [row("A")])]), state=state)
        with pytest.raises(ConflictError, match=reason):
            asked(open_.id)
    late = book.plan(ACCOUNT, (Share.ALL, [("1", [row("A")])]))
    world.now = book.now + timedelta(days=31)
    with pytest.raises(RejectedError, match="30 days"):
        asked(late.id)
