"""For the bug where a crossed threshold is told twice, or lost with whoever was about to tell."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.faults import Died, Kind, each_call
from tests.unit.alerts.test_thresholds import result, threshold
from tests.world import ACCOUNT, SELLER, World
from trueup.domain.errors import RetryLaterError
from trueup.domain.notices import Notice
from trueup.domain.runs import Run, RunState, Trigger
from trueup.domain.thresholds import Alert, Check, Threshold
from trueup.domain.time import ulid_ids
from trueup.ports import Create
from trueup.usecases.alerts.checking import Bell, check_of, ring, sweep_alerts
from trueup.usecases.alerts.reading import all_alerts, open_alerts
from trueup.usecases.alerts.rules import MAX_THRESHOLDS, Watch, change_threshold, remove_threshold


@pytest.fixture
def world() -> World:
    made = World()
    made.link()
    made.registry.write(Create(threshold()))
    return made


def bell(world: World) -> Bell:
    return Bell(world.registry, world.events, world.clock)


def watch(world: World) -> Watch:
    return Watch(world.registry, world.clock, world.new_id, "ann")


def ended(world: World, units: int, **fields: Any) -> Run:
    """A run that has just ended, its check written with it, and not looked at yet."""
    world.now += timedelta(minutes=10)
    run = Run(
        id=ulid_ids(world.clock)(),
        account=ACCOUNT,
        channel="shelf",
        trigger=Trigger.BUTTON,
        requested_by="ada",
        state=RunState.SUCCEEDED,
        opened_at=world.now,
        deadline=world.now,
        finished_at=world.now,
        locations=(result("1", units_over=units),),
        **fields,
    )
    world.registry.write(Create(run), *map(Create, check_of(world.registry, run)))
    return run


def told(world: World) -> list[tuple[str, int]]:
    return [(n.detail["change"], n.detail["figure"]) for n in world.events.notices]


def test_a_threshold_from_crossing_to_clearing(world: World) -> None:
    for units in (5, 11, 12, 20, 0):
        ended(world, units)
        ring(bell(world), ACCOUNT)
    assert told(world) == [("crossed", 11), ("worsened", 20), ("cleared", 0)]
    assert [n.kind for n in world.events.notices] == [
        "ThresholdCrossed",
        "ThresholdCrossed",
        "ThresholdCleared",
    ]
    (alert,) = all_alerts(world.registry, None).alerts
    assert (alert.figure, alert.peak, alert.latest, alert.told) == (11, 20, 0, 2)
    assert alert.cleared_at == world.now
    assert open_alerts(world.registry, ACCOUNT).alerts == ()
    assert list(world.registry.list(Notice).items) == []
    assert list(world.registry.list(Check).items) == []


def test_a_reconciliation_is_held_against_the_thresholds() -> None:
    world = World()
    world.link()
    world.baseline("main", {"A": 3})
    world.listings(["A"])
    world.shelf.stock["1", "A"] = 30
    world.registry.write(
        Create(threshold(limit=20)),
        Create(
            threshold(
                limit=30,
            ).model_copy(update={"id": "t2"})
        ),
    )
    run = world.reconcile()
    assert run.state is RunState.SUCCEEDED
    assert told(world) == [("crossed", 27)]
    assert world.events.notices[0].detail["run"] == run.id


def test_an_account_without_thresholds_leaves_nothing_to_check() -> None:
    world = World()
    world.link()
    run = ended(world, 99)
    assert check_of(world.registry, run) == []
    ring(bell(world), ACCOUNT)
    assert world.events.notices == []


def test_runs_are_judged_in_their_order_however_late(world: World) -> None:
    """The first was left behind: its crossing is told before the clearing."""
    ended(world, 50)
    ended(world, 1)
    ring(bell(world), ACCOUNT)
    assert told(world) == [("crossed", 50), ("cleared", 1)]


@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER])
@pytest.mark.parametrize("of", ["registry", "events"])
def test_whoever_dies_it_is_told_and_its_state_is_judged_once(kind: Kind, of: str) -> None:
    for injector in each_call(kind):
        world = World()
        world.link()
        world.registry.write(Create(threshold()))
        ended(world, 11)
        disturbed = {"registry": world.registry, "events": world.events}
        disturbed[of] = injector.wrap(disturbed[of])
        registry: Any = disturbed["registry"]
        events: Any = disturbed["events"]
        with suppress(Died, RetryLaterError):
            ring(Bell(registry, events, world.clock), ACCOUNT)
        world.now += timedelta(minutes=3)
        assert sweep_alerts(world.plant()).untold == 0
        assert set(told(world)) == {("crossed", 11)}
        assert len({notice.id for notice in world.events.notices}) == 1
        (alert,) = open_alerts(world.registry, None).alerts
        assert alert.told == 1
        assert list(world.registry.list(Notice).items) == []
        assert list(world.registry.list(Check).items) == []


def test_a_bus_that_takes_nothing_is_tried_again_and_again(world: World) -> None:
    class Deaf:
        def noticed(self, _: Notice) -> None:
            raise RetryLaterError("The event could not be sent yet.")

    deaf: Any = Deaf()
    ended(world, 11)
    with pytest.raises(RetryLaterError):
        ring(Bell(world.registry, deaf, world.clock), ACCOUNT)
    world.now += timedelta(minutes=3)
    plant = world.plant()
    assert (
        sweep_alerts(
            type(plant)(plant.registries, plant.machines, deaf, plant.clock, plant.new_id)
        ).untold
        == 0
    )
    assert told(world) == []
    sweep_alerts(world.plant())
    assert told(world) == [("crossed", 11)]


def test_thirty_thresholds_are_judged_in_one_transaction(world: World) -> None:
    for number in range(MAX_THRESHOLDS - 1):
        one = threshold(limit=number).model_copy(update={"id": f"n{number:02d}"})
        world.registry.write(Create(one))
    ended(world, 99)
    ring(bell(world), ACCOUNT)
    assert len(open_alerts(world.registry, ACCOUNT).alerts) == MAX_THRESHOLDS
    assert len(world.events.notices) == MAX_THRESHOLDS


@pytest.mark.parametrize("end", ["off", "removed"])
def test_a_threshold_that_goes_takes_its_alert_with_it(world: World, end: str) -> None:
    ended(world, 99)
    ring(bell(world), ACCOUNT)
    if end == "off":
        change_threshold(watch(world), ACCOUNT, "t1", {"enabled": False})
    else:
        remove_threshold(watch(world), ACCOUNT, "t1")
    ended(world, 99)
    ring(bell(world), ACCOUNT)
    assert open_alerts(world.registry, ACCOUNT).alerts == ()
    (alert,) = all_alerts(world.registry, ACCOUNT).alerts
    assert (alert.cleared_by, alert.cleared_at is not None) == ("ann", True)
    assert len(world.events.notices) == 1
    if end == "off":
        change_threshold(watch(world), ACCOUNT, "t1", {"enabled": True})
        ended(world, 99)
        ring(bell(world), ACCOUNT)
        assert len(all_alerts(world.registry, None).alerts) == 2


def test_a_removed_threshold_is_not_brought_back_by_a_check_that_read_it(world: World) -> None:
    ended(world, 99)
    registry = world.registry

    class Meanwhile:
        def __getattr__(self, name: str) -> Any:
            return getattr(registry, name)

        def write(self, *writes: Any) -> None:
            if registry.get(Threshold, ACCOUNT, "t1"):
                remove_threshold(watch(world), ACCOUNT, "t1")
            registry.write(*writes)

    slow: Any = Meanwhile()
    ring(Bell(slow, world.events, world.clock), ACCOUNT)
    assert told(world) == []
    assert registry.list(Alert).items == ()
    assert registry.get(Threshold, ACCOUNT, "t1") is None
    world.now += timedelta(minutes=3)
    sweep_alerts(world.plant())
    assert registry.list(Check).items == ()


def test_a_broken_seller_keeps_nobody_else_waiting(world: World) -> None:
    ended(world, 11)
    other = world.registries.of("aaa")
    other.write(Create(Check(account="x", run="r", due_at=world.now)))
    items = world.registries._sellers["aaa"]
    (sk,) = items
    item = items[sk]
    items[sk] = type(item)(sk, item.record, 1, "{}", None, item.agenda)
    world.now += timedelta(minutes=3)
    swept = sweep_alerts(world.plant())
    assert (swept.late, swept.untold) == (2, 1)
    assert told(world) == [("crossed", 11)]
    assert world.events.notices[0].detail["seller"] == SELLER


def test_the_text_says_what_happened_and_lets_nothing_in(world: World) -> None:
    strange = threshold().model_copy(update={"id": "t2", "channel_location": '1"\\<x>'})
    world.registry.write(Create(strange))
    world.now += timedelta(minutes=1)
    run = ended(world, 11)
    changed = run.model_copy(
        update={"id": run.id + "2", "locations": (result('1"\\<x>', units_over=11),)}
    )
    world.registry.write(Create(changed), *map(Create, check_of(world.registry, changed)))
    ring(bell(world), ACCOUNT)
    first, second = sorted(n.detail["text"] for n in world.events.notices)[:2]
    assert first == "Trueup, acme: units of account eu is above its limit: 11 (limit 10)."
    assert "location '1???x?'" in second
