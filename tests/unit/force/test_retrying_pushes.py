"""Retries: what failed is computed anew, pushed again, and leaves Error, once."""

from datetime import timedelta

import pytest

from tests.unit.force.again_world import AgainWorld
from tests.unit.force.logged import Logbook, row
from tests.world import ACCOUNT, NOW
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Account, Mode
from trueup.domain.errors import (
    ConflictError,
    Fault,
    NotFoundError,
    RejectedError,
    UnsupportedError,
)
from trueup.domain.force import PlanKind, Share, Skip
from trueup.domain.pushes import UNREAD
from trueup.domain.pushlog import PushChunk, PushOutcome, PushStatus
from trueup.domain.repeats import ROWS_AN_ITEM, RetriedRow
from trueup.ports import Replace
from trueup.usecases.force import failed
from trueup.usecases.force.again import _retried
from trueup.usecases.force.failed import chosen, fitting
from trueup.usecases.force.log import scan
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.force.retry_marks import mark_retried
from trueup.usecases.force.retrying_pushes import Again, retry_pushes
from trueup.usecases.force.targets import Wanted
from trueup.usecases.whole import all_of

SHOWED = {"A": 5, "B": 5, "C": 5, "D": 5}
WANTED = {"A": 9, "B": 9, "C": 2, "D": 5}


def failing() -> AgainWorld:
    """A and C were set, B was refused."""
    world = AgainWorld(SHOWED, WANTED)
    world.till.refusing["B"] = "no such item"
    world.forced()
    assert world.shown() == {"A": 9, "B": 5, "C": 2, "D": 5}
    return world


def in_error(world: AgainWorld) -> list[str]:
    return [row.id for row in scan(world.registry, LogFilters(statuses=(PushStatus.ERROR,)))]


def test_a_retry_is_computed_anew_and_pushed_and_the_old_row_leaves_error() -> None:
    world = failing()
    old = world.log()["B"]
    assert in_error(world) == [old.id]
    world.till.refusing.clear()
    world.now += timedelta(minutes=1)
    world.baseline("main", {**WANTED, "B": 8})  # the data was corrected
    plan = world.retry([old.id])
    assert (plan.kind, plan.scope.locations) == (PlanKind.RETRY, ("1",))
    assert list(world.planned(plan)) == ["B"]
    assert in_error(world) == [old.id]  # until it is pushed
    world.settled(plan)
    assert world.shown() == {"A": 9, "B": 8, "C": 2, "D": 5}
    new = world.log()["B"]
    assert (new.row.attempts, new.row.retry_of, new.row.quantity) == (2, old.id, 8)
    assert in_error(world) == []
    told = next(r for r in scan(world.registry, LogFilters(retried=True)) if r.id == old.id)
    assert (told.row.retried_by, told.status) == (plan.id, PushStatus.ERROR)


def test_a_retry_that_fails_is_retried_in_its_turn() -> None:
    world = failing()
    for attempt in (2, 3):
        world.settled(world.retry(in_error(world)))
        found = world.log()["B"]
        assert (found.row.attempts, found.status) == (attempt, PushStatus.ERROR)
        assert in_error(world) == [found.id]


def test_a_retry_starts_from_what_the_channel_showed_when_it_failed() -> None:
    """Nobody has looked at the row since; the next push must not fail for the same reason."""
    world = AgainWorld({"A": 5}, {"A": 9})

    def sell(moment: str, key: tuple[str, str]) -> None:
        if moment == "read" and world.shown() == {"A": 5}:
            world.till.order(key, 2)

    world.till.between = sell
    world.forced()
    old = world.log()["A"]
    assert (old.outcome, old.before) == (PushOutcome.STALE_CHANNEL, 3)
    world.now += timedelta(minutes=1)
    world.baseline("main", {"A": 7})
    plan = world.retry([old.id])
    assert world.planned(plan)["A"]["showed"] == 3
    world.settled(plan)
    assert world.shown() == {"A": 7}


def test_what_is_right_meanwhile_is_not_pushed() -> None:
    world = failing()
    world.till.stock["1", "B"].on_hand = 9
    world.now += timedelta(minutes=1)
    world.reconcile()
    assert world.skips(world.retry(in_error(world))) == {"B": Skip.MATCHES}


def test_every_push_that_cannot_be_retried_has_its_fault() -> None:
    book = Logbook(MemoryRegistries().of("acme"))
    eu, us = book.account("eu", ("1", "2")), book.account("us")
    errors = [row("A", PushOutcome.REJECTED), row("B"), row("C", PushOutcome.REJECTED)]
    errors += [row("D", PushOutcome.UNVERIFIED, retried_by="P9")]
    plan = book.plan("eu", (Share.ALL, [("1", errors), ("2", errors[:1])]))
    later = book.plan("eu", (Share.ALL, [("1", errors[:1])]))
    other = book.plan("us", (Share.ALL, [("1", errors[:1])]))
    undo = book.plan("eu", (Share.ALL, [("1", errors[:1])]), kind=PlanKind.UNDO)
    first, name = f"{later.id}.all.0.0", f"{plan.id}.all.0"
    ids = [first, f"{name}.0", f"{name}.1", f"{name}.3", f"{name}.7", "x"]
    ids += [f"{other.id}.all.0.0", f"{undo.id}.all.0.0", first]
    with pytest.raises(RejectedError) as caught:
        chosen(book.registry, eu, ids)
    assert caught.value.faults == (
        Fault("/pushes/1", f"is of the same row as {first}; retry the later one"),
        Fault("/pushes/2", "is not in Error: it is Success"),
        Fault("/pushes/3", "was retried already, by plan P9"),
        Fault("/pushes/4", "is not a push that we know"),
        Fault("/pushes/5", "is not a push that we know"),
        Fault("/pushes/6", "is a push of account us; retry each account's by itself"),
        Fault(
            "/pushes/7",
            "is of an undo, whose quantity is not computed anew; undo the plan again instead",
        ),
        Fault("/pushes/8", f"is of the same row as {first}; retry the later one"),
    )
    good = [f"{name}.2", f"{name[:-1]}1.0", first]
    assert [r.id for r in chosen(book.registry, eu, good)] == [
        first,
        f"{name}.2",
        f"{name[:-1]}1.0",
    ]
    assert us.id == "us"


def test_all_that_fit_are_the_latest_of_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Logbook(MemoryRegistries().of("acme"))
    book.account("eu", ("1", "2"))
    some = [row("A", PushOutcome.REJECTED), row("B"), row("C", PushOutcome.NOT_SENT)]
    old = book.plan("eu", (Share.ALL, [("1", some), ("2", some)]))
    new = book.plan("eu", (Share.ALL, [("1", some[:1])]))

    def found(**filters: object) -> list[str]:
        asked = LogFilters(accounts=("eu",), **filters)  # type: ignore[arg-type]
        return [
            row.id.replace(old.id, "old").replace(new.id, "new")
            for row in fitting(book.registry, asked)
        ]

    assert found() == ["new.all.0.0", "old.all.0.2", "old.all.1.0", "old.all.1.2"]
    assert found(plan=old.id, locations=("1",)) == ["old.all.0.0", "old.all.0.2"]
    assert found(since=new.proposed_at) == ["new.all.0.0"]
    with pytest.raises(RejectedError, match="cannot be retried"):
        found(until=NOW)
    monkeypatch.setattr(failed, "MAX_RETRIED", 3)
    with pytest.raises(RejectedError) as caught:
        found()
    assert "more than 3 pushes" in caught.value.faults[0].reason
    monkeypatch.setattr(failed, "CHUNKS", 1)
    with pytest.raises(RejectedError) as caught:
        found(locations=("2",))
    assert "too many pushes" in caught.value.faults[0].reason


def test_very_many_rows_are_retried_by_one_request() -> None:
    many = {f"S{i:04d}": 5 for i in range(ROWS_AN_ITEM + 30)}
    world = AgainWorld(many, dict.fromkeys(many, 9))
    world.till.refusing |= dict.fromkeys(many, "closed")
    world.forced()
    world.till.refusing.clear()
    plan = world.retry()
    assert len(world.planned(plan)) == len(many)
    world.settled(plan)
    assert set(world.shown().values()) == {9}
    assert in_error(world) == []


def test_of_two_retries_of_a_push_one_sends_it() -> None:
    world = failing()
    ids = in_error(world)
    world.till.refusing.clear()
    first, second = world.retry(ids), world.retry(ids)
    world.settled(first)
    assert world.till.history["1", "B"] == [("write", 9)]
    world.now += timedelta(minutes=20)
    world.settled(second)
    assert world.till.history["1", "B"] == [("write", 9)]
    (late,) = (r for r in scan(world.registry, LogFilters(plan=second.id)))
    assert late.outcome is PushOutcome.SKIPPED
    assert late.message == f"Plan {first.id} has retried it already; nothing was sent."


def test_marking_twice_changes_nothing_more() -> None:
    world = failing()
    plan = world.retry(in_error(world))
    world.begin(plan)
    world.force(plan)
    before = list(all_of(world.registry, PushChunk))
    mark_retried(world.registry, world.clock, world.found(plan), Share.ALL)
    assert list(all_of(world.registry, PushChunk)) == before


def test_the_account_has_to_be_one_that_can_be_forced() -> None:
    world = failing()
    ids = in_error(world)

    def asked(account: str = ACCOUNT) -> None:
        again = Again(account, "ada", ids)
        retry_pushes(world.work(), world.machines, world.new_id, again)

    with pytest.raises(NotFoundError):
        asked("nope")
    stored = world.registry.get(Account, ACCOUNT)
    assert stored is not None
    assert stored.value.capabilities is not None
    mute = stored.value.capabilities.model_copy(update={"can_push": False})
    for changes, error in (
        ({"mode": Mode.SHADOW}, ConflictError),
        ({"capabilities": mute}, UnsupportedError),
    ):
        now = world.registry.get(Account, ACCOUNT)
        assert now is not None
        world.registry.write(Replace(stored.value.model_copy(update=changes), now.version))
        with pytest.raises(error):
            asked()


@pytest.mark.parametrize(("shown", "unexplained"), [(10, 0), (25, -30), (UNREAD, 0)])
def test_what_the_channel_shows_since_its_row_was_explained_is_not(
    shown: int, unexplained: int
) -> None:
    """Or it would count as a decrease that the ledger has evidence for."""
    values = {"reported": 10, "unexplained": 0, "pack_size": 2, "unknown": 0}
    again = _retried(RetriedRow("A", "P.all.0.0", 2, shown, 2_000), Wanted("A", values, 1_000, 3))
    assert again.values["unexplained"] == unexplained
