"""The fault injector is what the death tests stand on: a fault that never fires proves nothing."""

import pytest

from tests.faults import Died, Injector, Kind, each_call
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Location
from trueup.domain.errors import RetryLaterError
from trueup.ports import Create, Registry

BERLIN, PARIS = Location(code="berlin", name="Berlin"), Location(code="paris", name="Paris")
OUTCOMES = [
    (Kind.BEFORE, RetryLaterError, False),
    (Kind.THROTTLED, RetryLaterError, False),
    (Kind.CONFLICT, RetryLaterError, False),
    (Kind.AFTER, RetryLaterError, True),
    (Kind.DIES_BEFORE, Died, False),
    (Kind.DIES_AFTER, Died, True),
]


def registries(injector: Injector) -> tuple[Registry, Registry]:
    """A disturbed registry, and the same one undisturbed."""
    whole = MemoryRegistries()
    return injector.wrap(whole).of("acme"), whole.of("acme")


@pytest.mark.parametrize(("kind", "error", "happened"), OUTCOMES)
def test_a_fault_comes_before_or_after_the_effect(
    kind: Kind, error: type[BaseException], *, happened: bool
) -> None:
    disturbed, plain = registries(Injector(kind, nth=2, only=frozenset({"write"})))
    disturbed.write(Create(BERLIN))
    with pytest.raises(error):
        disturbed.write(Create(PARIS))
    assert (plain.get(Location, "paris") is not None) == happened
    disturbed.get(Location, "paris")


def test_nothing_but_the_test_catches_a_death() -> None:
    assert not issubclass(Died, Exception)


def test_a_slow_call_takes_its_time_and_succeeds() -> None:
    waits: list[float] = []
    disturbed, plain = registries(Injector(Kind.SLOW, nth=1, seconds=7, sleep=waits.append))
    disturbed.write(Create(BERLIN))
    assert plain.get(Location, "berlin") is not None
    assert waits == [7]


def test_every_call_has_its_turn_and_the_last_run_is_undisturbed() -> None:
    met: list[list[str]] = []
    for injector in each_call(Kind.BEFORE):
        disturbed, _ = registries(injector)
        try:
            disturbed.write(Create(BERLIN))
            disturbed.get(Location, "berlin")
            disturbed.list(Location)
        except RetryLaterError:
            assert injector.fired
        met.append(injector.calls)
    assert met == [["write"], ["write", "get"], ["write", "get", "list"], ["write", "get", "list"]]


def test_only_calls_that_a_fault_can_meet_are_counted() -> None:
    injector = Injector(Kind.CONFLICT, nth=1)
    disturbed, _ = registries(injector)
    disturbed.get(Location, "berlin")
    assert injector.calls == []
    assert disturbed.seller == "acme"
