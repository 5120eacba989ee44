"""Finds: a channel called more often than it allows, or less, and waits for a call at a time."""

from datetime import timedelta
from typing import Any

import pytest

from tests.shelf import changed
from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, NOW, World
from trueup.channel.contract import LEAST_CALLS, FetchRequest, FetchResponse
from trueup.domain import rates
from trueup.domain.accounts import Account, Link, Member
from trueup.domain.rates import Rate
from trueup.domain.runs import RunState
from trueup.ports import Create, Replace
from trueup.usecases.rates import CHUNK, UNLIMITED, credential_of, pause, settle, take
from trueup.usecases.recheck import recheck
from trueup.usecases.reconcile.fetching import fetch_turn
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.opening import open_run
from trueup.usecases.runs import DEADLINE


def limited(per_minute: int | None, rows: int = 20) -> World:
    world = stocked(rows)
    stored = world.registry.get(Account, ACCOUNT)
    assert stored is not None
    assert stored.value.capabilities is not None
    able = stored.value.capabilities.model_copy(update={"calls_per_minute": per_minute})
    account = stored.value.model_copy(update={"capabilities": able})
    world.registry.write(Replace(account, stored.version))
    return world


def account_of(world: World) -> Account:
    stored = world.registry.get(Account, ACCOUNT)
    assert stored is not None
    return stored.value


def left(world: World) -> float:
    stored = world.registry.get(Rate, credential_of(account_of(world)))
    assert stored is not None
    return stored.value.calls


def opened(world: World) -> Job:
    job = Job.model_validate(world.payload(world.start().run))
    open_run(world.work(), job)
    return job


def budgets(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The calls that each request to the channel may make."""
    asked: list[int] = []
    fetch = world.shelf.fetch

    def watched(request: FetchRequest) -> FetchResponse:
        asked.append(request.budget.calls)
        return fetch(request)

    monkeypatch.setattr(world.shelf, "fetch", watched)
    return asked


def test_an_empty_bucket_makes_everybody_wait_for_a_whole_chunk() -> None:
    empty = Rate(credential="c", calls=0, refilled_at=NOW)
    waiting = rates.grant(empty, per_minute=60, want=CHUNK, now=NOW + timedelta(seconds=1))
    assert (waiting.calls, waiting.wait_seconds) == (0, CHUNK - 1)
    assert waiting.rate == empty
    then = rates.grant(empty, per_minute=60, want=CHUNK, now=NOW + timedelta(seconds=CHUNK))
    assert (then.calls, then.wait_seconds, then.rate.calls) == (CHUNK, 0, 0)


def test_a_slow_channel_is_waited_for_a_minute_at_most() -> None:
    empty = Rate(credential="c", calls=0, refilled_at=NOW)
    waiting = rates.grant(empty, per_minute=6, want=CHUNK, now=NOW)
    assert (waiting.calls, waiting.wait_seconds) == (0, 60)
    assert rates.grant(empty, per_minute=6, want=CHUNK, now=NOW + timedelta(minutes=1)).calls == 6


def test_a_clock_that_is_behind_refills_nothing_twice() -> None:
    full = Rate(credential="c", calls=60, refilled_at=NOW)
    behind = rates.grant(full, per_minute=60, want=CHUNK, now=NOW - timedelta(seconds=30)).rate
    assert rates.grant(behind, per_minute=60, want=CHUNK, now=NOW).calls == 0


def test_a_minute_has_as_many_calls_as_the_channel_allows() -> None:
    world = limited(60)
    made = 0
    for _ in range(600):
        granted = take(world.registry, account_of(world), world.clock)
        # Signing in again may take more calls than were granted.
        calls = granted.calls and max(granted.calls - 20, LEAST_CALLS)
        settle(world.registry, account_of(world), granted, calls)
        made += calls
        world.now += timedelta(seconds=1)
    assert made == pytest.approx(600 + 60, abs=CHUNK)


def test_calls_beyond_the_grant_are_waited_for() -> None:
    world = limited(2)
    granted = take(world.registry, account_of(world), world.clock)
    settle(world.registry, account_of(world), granted, LEAST_CALLS)
    assert left(world) == 2 - LEAST_CALLS
    waiting = take(world.registry, account_of(world), world.clock)
    assert (waiting.calls, waiting.wait_seconds) == (0, 60 * LEAST_CALLS // 2)


def test_a_fetch_books_only_the_calls_that_were_made() -> None:
    world = limited(60)
    world.reconcile()
    assert left(world) == 59


def test_a_recheck_leaves_calls_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    world = limited(60)
    world.reconcile()
    asked = budgets(world, monkeypatch)
    world.shelf.spoil = lambda answer: changed(answer, captured_at=world.now.isoformat())
    recheck(world.work(), account=ACCOUNT, location="1", skus=["SKU-0003"], requested_by="ada")
    assert asked == [LEAST_CALLS]


def test_a_channel_without_a_limit_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    world = limited(None)
    asked = budgets(world, monkeypatch)
    world.reconcile()
    assert asked == [UNLIMITED]
    assert left(world) == UNLIMITED


def test_a_recheck_never_outlasts_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last call of the channel gets only what is left of the time."""
    world = limited(None)
    world.reconcile()
    asked: list[int] = []
    fetch = world.shelf.fetch

    def slow(request: FetchRequest) -> FetchResponse:
        asked.append(request.budget.milliseconds)
        world.now += timedelta(milliseconds=min(7_000, request.budget.milliseconds))
        slowly: Any = changed(fetch(request), outcome="more", captured_at=world.now.isoformat())
        answer: FetchResponse = slowly
        return answer

    monkeypatch.setattr(world.shelf, "fetch", slow)
    with pytest.raises(Exception, match="takes long"):
        recheck(world.work(), account=ACCOUNT, location="1", skus=["SKU-0003"], requested_by="ada")
    assert asked == [10_000, 10_000, 6_000]


def test_a_channel_is_left_alone_for_as_long_as_it_asks() -> None:
    """Also beyond the longest wait of one turn."""
    world = limited(None)
    world.shelf.spoil = lambda answer: changed(answer, outcome="throttled", retry_after_seconds=900)
    job = opened(world)
    turns = [fetch_turn(world.work(), job, lambda: 600_000)]
    world.now += timedelta(seconds=turns[0].wait_seconds)
    turns.append(fetch_turn(world.work(), job, lambda: 600_000))
    assert [(t.state, t.wait_seconds) for t in turns] == [("wait", 300)] * 2
    waiting = take(world.registry, account_of(world), world.clock)
    assert (waiting.calls, waiting.wait_seconds) == (0, 600)


def test_no_channel_can_stop_its_account_for_good() -> None:
    world = limited(None)
    pause(world.registry, account_of(world), 10**9, world.clock)
    world.now += DEADLINE
    assert take(world.registry, account_of(world), world.clock).calls == UNLIMITED


def test_many_failed_locations_fit_into_the_records() -> None:
    world = stocked(5)
    places = [f"{n}" for n in range(2, 251)]
    for place in places:
        members = (Member(location="main"),)
        world.registry.write(Create(Link(account=ACCOUNT, channel_location=place, members=members)))
    world.shelf.locations = ("1", *places)
    world.shelf.failing = dict.fromkeys(places, "x" * 2000)
    run = world.reconcile()
    assert (run.state, len(run.locations)) == (RunState.PARTIAL, 250)
