"""Finds: one open thing that keeps the sweeper from all others."""

from dataclasses import replace
from itertools import islice, repeat
from typing import Any

import pytest

from tests.unit.reconcile.test_reconciling import stocked
from trueup.domain.errors import DefectError, RetryLaterError
from trueup.domain.runs import RunState
from trueup.ports import Registry
from trueup.usecases.runs import DEADLINE
from trueup.usecases.sweeping import LEAST_MS, sweep_open


class Unreadable:
    """A registry whose records no code can read."""

    def get(self, kind: Any, *_: str) -> Any:
        raise DefectError(f"A stored {kind.record} cannot be read.")


class OneUnreadable:
    """Registries of which one seller's is unreadable, and has the first appointment."""

    def __init__(self, inner: Any, seller: str) -> None:
        self._inner = inner
        self._seller = seller

    def of(self, seller: str) -> Registry:
        given: Any = Unreadable() if seller == self._seller else self._inner.of(seller)
        found: Registry = given
        return found

    def due(self, *arguments: Any) -> Any:
        due = [*self._inner.due(*arguments)]
        return [replace(due[0], seller=self._seller), *due]


class ManyUnreadable(OneUnreadable):
    """There are a thousand such appointments before all others."""

    def due(self, agenda: str, until: Any, limit: int | None = 1000) -> Any:
        first, *rest = super().due(agenda, until)
        return islice([*repeat(first, 1000), *rest], limit)


class Unanswering:
    def status(self, *_: str) -> Any:
        raise RetryLaterError("Step Functions is busy.")


def test_a_broken_record_does_not_keep_other_sellers_waiting() -> None:
    world = stocked(5)
    run = world.start().run
    world.now += DEADLINE
    world.registries = OneUnreadable(world.registries, "broken")
    swept = sweep_open(world.plant())
    assert (swept.open, swept.ended, swept.broken) == (2, 1, 1)
    assert world.run(run.id).state is RunState.FAILED
    with pytest.raises(DefectError, match="1 open run"):
        swept.require_sound()


def test_a_run_past_its_deadline_ends_though_nobody_can_be_asked_after_it() -> None:
    world = stocked(5)
    run = world.start().run
    world.now += DEADLINE
    machines: Any = Unanswering()
    world.machines = machines
    swept = sweep_open(world.plant())
    swept.require_sound()
    assert swept.ended == 1
    assert world.run(run.id).state is RunState.FAILED


def test_a_thousand_broken_records_hide_nothing_that_is_due_later() -> None:
    world = stocked(5)
    run = world.start().run
    world.now += DEADLINE
    world.registries = ManyUnreadable(world.registries, "broken")
    swept = sweep_open(world.plant())
    assert (swept.open, swept.ended, swept.broken) == (1_001, 1, 1_000)
    assert world.run(run.id).state is RunState.FAILED


def test_no_more_is_looked_at_than_there_is_time_for() -> None:
    world = stocked(5)
    run = world.start().run
    world.now += DEADLINE
    world.registries = ManyUnreadable(world.registries, "broken")
    left = iter(range(LEAST_MS + 9, 0, -1))
    assert sweep_open(world.plant(), lambda: next(left)).open == 10
    assert not world.run(run.id).state.final
