"""Each call of AWS that a run makes meets a fault: the run ends, and the next one is right.

tests/statemachine/test_death.py does each fault at each call of the ports, in memory. Here are the
real adapters, for the bug between them and the service; the kinds of faults take turns.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import cycle
from typing import Any

import pytest

from local.embedded import Embedded
from tests.asl import ExecutionFailedError
from tests.aws_world import AwsWorld, Places
from tests.faults import Died, Injector, Kind
from tests.stack_world import within
from tests.statemachine.test_death import survivable
from tests.world import ACCOUNT
from trueup.domain.errors import TrueupError
from trueup.domain.outcomes import Reason
from trueup.domain.runs import Head, Lease, RunState, Version
from trueup.usecases.books import rows_book
from trueup.usecases.sweeping import sweep_open

pytestmark = [pytest.mark.stack, pytest.mark.slow]

COUNT = 30
ROWS_BOOK = rows_book(ACCOUNT, "1")
CODES = [f"SKU-{number:04d}" for number in range(COUNT)]
KINDS = [kind for kind in Kind if kind is not Kind.SLOW]
CHANGING = frozenset(
    {"PutItem", "TransactWriteItems", "BatchWriteItem", "PutObject", "Invoke", "PutEvents"}
)
DEFINITION = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
Fault = tuple[Kind, int, str]
Rows = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def places(stack: Embedded) -> Places:
    """A machine whose executions end at once looks to the sweeper as if they had died."""
    states = stack.client("stepfunctions")
    role = states.describe_state_machine(stateMachineArn=stack.outputs["ReconcileArn"])["roleArn"]
    machine = states.create_state_machine(
        name="dies-at-once", definition=json.dumps(DEFINITION), roleArn=role
    )
    return Places(stack, machine["stateMachineArn"])


def stocked(places: Places) -> AwsWorld:
    """A shop that shows just what there is, but for one SKU."""
    world = AwsWorld(places)
    world.shop.seed({"1": [(code, number) for number, code in enumerate(CODES)]})
    world.shop.edit("1", {"SKU-0007": 9})
    world.link()
    world.baseline("main", {code: number for number, code in enumerate(CODES)})
    world.listings(CODES)
    return world


def attempt(world: AwsWorld) -> None:
    """Press Generate and run what was started, as far as it comes."""
    with suppress(Died, TrueupError, ExecutionFailedError):
        run = world.start().run
        survivable(world.machine()).run(world.payload(run))


def settle(world: AwsWorld) -> None:
    """The sweeper comes by until nothing is open."""
    world.now += timedelta(minutes=5)
    sweep_open(world.plant())
    if any(not run.state.final for run in world.runs()):
        world.now += timedelta(hours=7)
        sweep_open(world.plant())


def check_ended(world: AwsWorld) -> None:
    assert all(run.state.final for run in world.runs())
    assert all(run.cause for run in world.runs() if run.state is RunState.FAILED)
    lease = world.registry.get(Lease, ACCOUNT)
    assert lease is None or lease.value.holder == ""


def disturbed(places: Places, fault: Fault, act: Callable[[], object]) -> None:
    """Do something that meets a fault; afterwards nothing is disturbed any more."""
    kind, nth, _ = fault
    places.set_fault(kind, nth)
    with suppress(Died, TrueupError):
        act()
    assert places.fault.fired, fault
    places.set_fault(Kind.SLOW, 0)


def calls_of(places: Places, act: Callable[[], object]) -> list[str]:
    """The calls of AWS that something makes when nothing disturbs it."""
    places.set_fault(Kind.SLOW, 0)
    act()
    return list(places.fault.calls)


def faults(calls: Sequence[str], only: frozenset[str] = frozenset()) -> Iterator[Fault]:
    """A fault for each call: its kind, its number among the calls of that kind, the call's name."""
    kinds = cycle(KINDS)
    for number, name in enumerate(calls):
        if only and name not in only:
            continue
        kind = next(kind for kind in kinds if Injector(kind, 0)._applies(name))
        before = calls[: number + 1]
        yield kind, sum(Injector(kind, 0)._applies(call) for call in before), name


def tell(what: str, done: Sequence[Fault]) -> None:
    print(f"{what}: {len(done)} calls of AWS disturbed")  # noqa: T201 - shown by pytest -rP


def check_visible(world: AwsWorld, before: Rows, expected: Rows) -> None:
    """All of the last run if it succeeded, nothing of it if it did not; each version is kept."""
    succeeded = any(run.state is RunState.SUCCEEDED for run in world.runs()[-1:])
    assert world.rows() == (expected if succeeded else before)
    head = world.registry.get(Head, ROWS_BOOK)
    versions = [stored.value.version for stored in world.registry.list(Version, ROWS_BOOK).items]
    assert versions == list(range(1, head.value.version + 1 if head else 1))


def check_next(world: AwsWorld, expected: Rows, fault: Fault) -> None:
    """Everything has ended, and the next run gives what an undisturbed one gives."""
    check_ended(world)
    assert world.reconcile().state is RunState.SUCCEEDED, fault
    assert world.rows() == expected, fault


def test_a_first_run_survives_a_fault_at_each_call(places: Places) -> None:
    undisturbed = stocked(places)
    planned = list(faults(calls_of(places, lambda: attempt(undisturbed))))
    expected = undisturbed.rows()
    assert undisturbed.differing() == {"SKU-0007": Reason.DIFFERS}
    for fault in planned:
        world = stocked(places)
        disturbed(places, fault, partial(attempt, world))
        settle(world)
        check_visible(world, {}, expected)
        check_next(world, expected, fault)
    assert {kind for kind, _, _ in planned} == set(KINDS)
    tell("first run", planned)


def test_a_later_run_survives_a_fault_at_each_call_that_changes_something(places: Places) -> None:
    world = stocked(places)
    world.reconcile()
    shown = cycle((100, 200))
    world.shop.edit("1", {"SKU-0005": next(shown)})
    planned = list(faults(calls_of(places, lambda: attempt(world)), CHANGING))
    for fault in planned:
        before, units = world.rows(), next(shown)
        expected = before | {"SKU-0005": before["SKU-0005"] | {"reported": units}}
        world.shop.edit("1", {"SKU-0005": units})
        disturbed(places, fault, partial(attempt, world))
        settle(world)
        check_visible(world, before, expected)
        check_next(world, expected, fault)
    tell("later run", planned)


def dead(places: Places) -> AwsWorld:
    """A run that was started, and whose execution has ended without it."""
    world = stocked(places)
    run = world.start().run
    within(10, lambda: world.machines.status("reconcile", run.id) == "ended" or None)
    world.now += timedelta(minutes=5)
    return world


def test_the_sweeper_survives_a_fault_at_each_call(places: Places) -> None:
    undisturbed = dead(places)
    planned = list(faults(calls_of(places, lambda: sweep_open(undisturbed.plant()))))
    check_ended(undisturbed)
    for fault in planned:
        world = dead(places)
        disturbed(places, fault, partial(sweep_open, world.plant()))
        settle(world)
        check_ended(world)
        assert [run.state for run in world.runs()] == [RunState.FAILED]
    tell("sweep", planned)
