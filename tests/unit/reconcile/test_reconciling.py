"""Rows that are wrong, lost or seen too early, in runs that go well or badly."""

from datetime import timedelta

import pytest

from tests.asl import ExecutionFailedError
from tests.shelf import Shelf, changed
from tests.world import ACCOUNT, World
from trueup.channel.contract import FetchResponse
from trueup.domain.errors import LeaseLostError
from trueup.domain.outcomes import Reason
from trueup.domain.runs import Fetch, Head, History, Lease, Run, RunState
from trueup.ports import Replace
from trueup.usecases import books


def stocked(count: int = 250, places: tuple[str, ...] = ("1",)) -> World:
    """A channel that shows just what there is."""
    codes = [f"SKU-{number:04d}" for number in range(count)]
    stock = {(place, code): number for place in places for number, code in enumerate(codes)}
    world = World(Shelf(stock=dict(stock), locations=places))
    world.link({place: ["main"] for place in places})
    world.baseline("main", {code: number for number, code in enumerate(codes)})
    world.listings(codes)
    return world


def test_a_run_compares_every_row_and_finds_just_the_differences() -> None:
    world = stocked()
    world.shelf.stock["1", "SKU-0007"] = 9
    world.shelf.stock["1", "SKU-0100"] = None
    del world.shelf.stock["1", "SKU-0200"]
    world.shelf.stock["1", "STRANGER"] = 3
    run = world.reconcile()
    result = run.locations[0]
    assert (run.state, run.cause) == (RunState.SUCCEEDED, None)
    assert world.differing() == {
        "SKU-0007": Reason.DIFFERS,
        "SKU-0100": Reason.QUANTITY_UNKNOWN,
        "SKU-0200": Reason.NOT_ON_CHANNEL,
        "STRANGER\x00\x00": Reason.NOT_LISTED,
    }
    assert (result.tally.rows, result.tally.matching) == (251, 247)
    assert (result.tally.units_over, result.tally.units_under) == (2, 0)
    assert len(world.rows()) == 251
    assert world.rows()["SKU-0007"]["reported"] == 9


def test_a_run_leaves_its_figures_behind_and_frees_the_account() -> None:
    world = stocked()
    run = world.reconcile()
    kept = world.registry.get(History, ACCOUNT, "1", run.id)
    lease = world.registry.get(Lease, ACCOUNT)
    assert kept is not None
    assert kept.value.tally == run.locations[0].tally
    assert lease is not None
    assert lease.value.holder == ""
    assert [seller for seller, _ in world.events.completed] == ["acme"]
    assert run.usage.transitions > 0


def test_nothing_changed_writes_no_page() -> None:
    world = stocked()
    world.reconcile()
    pages = world.pages
    before = pages.meter.usage.items_written  # type: ignore[attr-defined]
    second = world.reconcile()
    assert pages.meter.usage.items_written == before  # type: ignore[attr-defined]
    assert second.locations[0].version == 2


def test_a_seller_location_that_is_pooled_is_summed_and_unknown_if_one_is() -> None:
    world = World(Shelf(stock={("1", "A"): 5, ("1", "B"): 1}))
    world.link({"1": ["main", "shop"]})
    world.listings(["A", "B"])
    world.baseline("main", {"A": 2, "B": 1})
    world.baseline("shop", {"A": 3})
    world.reconcile()
    assert world.differing() == {"B": Reason.POSITION_UNKNOWN}
    assert world.rows()["A"]["sellable"] == 5


def test_a_reservation_on_an_on_hand_channel_is_not_counted_twice() -> None:
    shelf = Shelf(stock={("1", "A"): 10}, allocated={("1", "A"): 4}, on_hand=True)
    world = World(shelf)
    world.link()
    world.listings(["A"])
    world.baseline("main", {"A": 10}, committed={"A": 4})
    world.reconcile()
    assert world.differing() == {}
    assert world.rows()["A"]["reported"] == 6


def test_the_channels_own_codes_lead_to_our_listings() -> None:
    world = World(Shelf(stock={("1", "4006381333931"): 2, ("1", "A"): 7}))
    world.link()
    world.listings(["A\x004006381333931"])
    world.aliases({"4006381333931": "A\x004006381333931"})
    world.baseline("main", {"A": 2})
    world.reconcile()
    assert world.differing() == {"A\x00\x00": Reason.NOT_LISTED}
    assert world.rows()["A\x004006381333931"]["reported"] == 2


def test_one_failing_location_does_not_lose_the_others() -> None:
    world = stocked(places=("1", "2"))
    world.shelf.failing["2"] = "This warehouse is closed."
    run = world.reconcile()
    by_place = {result.channel_location: result for result in run.locations}
    assert run.state is RunState.PARTIAL
    assert by_place["1"].state is RunState.SUCCEEDED
    assert (by_place["2"].state, by_place["2"].cause) == (
        RunState.FAILED,
        "This warehouse is closed.",
    )
    assert world.rows("2") == {}
    assert len(world.rows("1")) == 250


def test_a_failed_channel_ends_the_run_with_its_reason_and_keeps_the_old_rows() -> None:
    world = stocked()
    world.reconcile()
    old = world.rows()
    world.shelf.spoil = lambda answer: changed(answer, outcome="failed", reason="Wrong password.")
    with pytest.raises(ExecutionFailedError):
        world.reconcile()
    run = world.registry.list(Run, ACCOUNT, newest_first=True).items[0].value
    assert (run.state, run.cause) == (
        RunState.FAILED,
        "The channel could not be read: Wrong password.",
    )
    assert world.rows() == old


class _Spoiled:
    """Spoils the first `times` answers that begin behind the first row."""

    def __init__(self, times: int, **changes: object) -> None:
        self.left = times
        self.changes = changes

    def __call__(self, answer: FetchResponse) -> FetchResponse:
        if answer.first == 0 or self.left == 0:
            return answer
        self.left -= 1
        return changed(answer, **self.changes)


@pytest.mark.parametrize(
    "changes",
    [{"first": 0}, {"first": 900}, {"rows": [], "outcome": "done", "cursor": None}],
    ids=["repeated", "skipped", "cut short"],
)
def test_answers_that_do_not_fit_together_are_fetched_again(changes: dict[str, object]) -> None:
    world = stocked()
    undisturbed = stocked()
    world.shelf.spoil = _Spoiled(1, **changes)
    world.reconcile()
    undisturbed.reconcile()
    assert world.rows() == undisturbed.rows()


def test_answers_that_never_fit_end_the_run() -> None:
    world = stocked()
    world.shelf.spoil = _Spoiled(99, first=0)
    with pytest.raises(ExecutionFailedError):
        world.reconcile()
    run = world.registry.list(Run, ACCOUNT, newest_first=True).items[0].value
    assert "did not fit together 3 times" in (run.cause or "")
    assert world.rows() == {}


def test_a_channel_that_shows_an_item_twice_fails_its_location_by_name() -> None:
    world = stocked()
    world.shelf.spoil = lambda answer: changed(
        answer, rows=[*answer.rows, answer.rows[0]], total=None, span=len(answer.rows)
    )
    run = world.reconcile_failing()
    assert run.state is RunState.FAILED
    assert "SKU-0000" in (run.locations[0].cause or "")
    assert world.rows() == {}


def test_a_throttled_channel_is_waited_for() -> None:
    world = stocked()
    world.shelf.spoil = _Spoiled(1, outcome="throttled", retry_after_seconds=7)
    machine = world.machine()
    run = world.start().run
    waits: list[int] = machine.waited
    original = machine.tasks["${FetchFunctionArn}"]

    def fetch(event: dict[str, object]) -> object:
        if waits:
            world.now = world.now.replace(second=30)
        return original(event)

    machine.tasks["${FetchFunctionArn}"] = fetch
    machine.run(world.payload(run))
    assert waits == [7]
    assert world.run(run.id).state is RunState.SUCCEEDED
    assert len(world.rows()) == 250


def test_a_turn_stops_before_its_deadline_and_the_next_goes_on() -> None:
    world = stocked(500)
    world.shelf.page = 100
    machine = world.machine()
    times = iter([600_000, 10_000] * 50)
    machine.tasks["${FetchFunctionArn}"] = world.fetching(lambda: next(times))
    run = world.start().run
    machine.run(world.payload(run))
    fetch = world.registry.get(Fetch, ACCOUNT, run.id)
    assert fetch is not None
    assert fetch.value.turns > 2
    assert world.run(run.id).state is RunState.SUCCEEDED
    assert len(world.rows()) == 500


def test_a_run_that_lost_its_lease_makes_nothing_visible() -> None:
    world = stocked()
    machine = world.machine()
    close = machine.tasks["${CloseRunFunctionArn}"]

    def overtaken(event: dict[str, object]) -> object:
        lease = world.registry.get(Lease, ACCOUNT)
        assert lease is not None
        taken = lease.value.model_copy(update={"holder": "another", "fence": 99})
        world.registry.write(Replace(taken, lease.version))
        return close(event)

    machine.tasks["${CloseRunFunctionArn}"] = overtaken
    run = world.start().run
    with pytest.raises(ExecutionFailedError):
        machine.run(world.payload(run))
    ended = world.run(run.id)
    assert (ended.state, ended.cause) == (
        RunState.FAILED,
        "Another run took over this account.",
    )
    assert world.rows() == {}
    assert world.registry.get(Head, books.rows_book(ACCOUNT, "1")) is None


def test_children_of_a_long_comparison_keep_the_lease() -> None:
    world = stocked()
    machine = world.machine()
    compare = machine.tasks["${CompareFunctionArn}"]
    before: list[Lease] = []

    def late(event: dict[str, object]) -> object:
        before.append(lease_of(world))
        world.now += timedelta(minutes=15)
        return compare(event)

    machine.tasks["${CompareFunctionArn}"] = late
    run = world.start().run
    machine.run(world.payload(run))
    assert world.run(run.id).state is RunState.SUCCEEDED
    assert lease_of(world).fence == before[0].fence


def test_a_child_of_an_overtaken_run_stops() -> None:
    world = stocked()
    machine = world.machine()
    compare = machine.tasks["${CompareFunctionArn}"]
    refused: list[str] = []

    def overtaken(event: dict[str, object]) -> object:
        stored = world.registry.get(Lease, ACCOUNT)
        assert stored is not None
        if stored.value.holder != "another":
            taken = stored.value.model_copy(update={"holder": "another"})
            world.registry.write(Replace(taken, stored.version))
        try:
            return compare(event)
        except LeaseLostError as error:
            refused.append(str(error))
            raise

    machine.tasks["${CompareFunctionArn}"] = overtaken
    with pytest.raises(ExecutionFailedError):
        machine.run(world.payload(world.start().run))
    assert refused
    assert world.rows() == {}


def test_a_run_that_could_not_end_itself_is_announced_too() -> None:
    world = stocked()
    world.shelf.spoil = lambda answer: changed(answer, outcome="failed", reason="Closed.")
    run = world.reconcile_failing()
    assert [(seller, told.state) for seller, told in world.events.completed] == [
        ("acme", RunState.FAILED)
    ]
    assert world.events.completed[0][1].id == run.id


def lease_of(world: World) -> Lease:
    stored = world.registry.get(Lease, ACCOUNT)
    assert stored is not None
    return stored.value
