"""A decision stands on the settings and the account as they are when it is written, not before."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.force.decisions_world import ACCOUNT, HASH, OVER, Decisions
from trueup.domain.accounts import Mode
from trueup.domain.errors import ConflictError, ForbiddenError
from trueup.domain.force import ForceSettings, PlanState
from trueup.ports import Registry, Write
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import decide
from trueup.usecases.force.settings import set_settings


class Between:
    """Something happens between the reading of a decision and its first write."""

    def __init__(self, inner: Registry, happens: Callable[[], object]) -> None:
        self._inner = inner
        self._happens = [happens]

    def write(self, *writes: Write) -> None:
        if self._happens:
            self._happens.pop()()
        self._inner.write(*writes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def decided_while(world: Decisions, happens: Callable[[], object], **wish: Any) -> None:
    wish = {"by": "olga", "hash": HASH, **wish}
    inner = Between(world.plain, happens)
    decide(world.counter(wish["by"], inner=inner), ACCOUNT, "P1", Wish(**wish))


def test_second_approval_that_is_switched_on_meanwhile_counts() -> None:
    world = Decisions()
    set_settings(world.plain, ACCOUNT, {"second_approval": False})
    world.propose("P1", {"1": (1, 1)}, **OVER)

    def switch_on() -> None:
        set_settings(world.plain, ACCOUNT, {"second_approval": True})

    with pytest.raises(ForbiddenError):
        decided_while(world, switch_on, approving=True)
    assert world.plan("P1").state is PlanState.PROPOSED
    assert world.slots() == {}


@pytest.mark.parametrize("change", [{"mode": Mode.SHADOW}, {"enabled": False}])
def test_an_account_that_is_stopped_meanwhile_is_not_forced(change: dict[str, Any]) -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    with pytest.raises(ConflictError):
        decided_while(world, lambda: world.change(**change))
    assert world.plan("P1").stages == ()
    assert world.machines.started == []


@pytest.mark.parametrize("before", [{"cooldowns": {"1": 100}}, None], ids=["set", "never set"])
def test_a_cooldown_that_is_made_longer_meanwhile_is_the_one_that_begins(
    before: dict[str, Any] | None,
) -> None:
    world = Decisions()
    if before is not None:
        set_settings(world.plain, ACCOUNT, before)
    world.propose("P1", {"1": (1, 1)})
    longer = {"cooldowns": {"1": 5_000}}
    decided_while(world, lambda: set_settings(world.plain, ACCOUNT, longer))
    until = world.slot("1").cooling_until
    assert until is not None
    assert (until - world.now).total_seconds() == 5_000
    assert world.plain.get(ForceSettings, ACCOUNT) is not None
