"""Decisions that are refused, and change something nevertheless."""

from typing import Any

import pytest

from tests.unit.force.decisions_world import ACCOUNT, HASH, START, Decisions, capabilities
from trueup.domain.accounts import Mode
from trueup.domain.errors import ConflictError, NotFoundError, UnsupportedError
from trueup.domain.force import PlanState, Share
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import cancel, decide, reject

WRONG: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("another hash", {}, {"hash": "b" * 64}, "another one"),
    ("no hash", {}, {"hash": ""}, "another one"),
    ("being planned", {"state": PlanState.PLANNING, "hash": ""}, {"hash": ""}, "still being made"),
    ("used", {"state": PlanState.FINISHED}, {}, "used already"),
    ("rejected", {"state": PlanState.REJECTED}, {}, "used already: it is rejected"),
    ("expired", {"expires_at": START}, {}, "has expired"),
    ("nothing in it", {"rows": (0, 0)}, {}, "nothing to push"),
    ("nothing in its part", {"rows": (0, 1)}, {"share": Share.DECREASES}, "nothing to push"),
    ("the rest first", {}, {"share": Share.REST}, "decreases have not been"),
]


@pytest.mark.parametrize(
    ("fields", "wish", "text"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
@pytest.mark.parametrize("approving", [False, True])
def test_what_cannot_be_decided_changes_nothing(
    fields: dict[str, Any],
    wish: dict[str, Any],
    text: str,
    approving: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    world = Decisions()
    known = dict(fields)
    world.propose("P1", {"1": known.pop("rows", (1, 1))}, **known)
    before = world.everything()
    with pytest.raises(ConflictError, match=text):
        world.decide("P1", by="ann", approving=approving, **wish)
    assert world.everything() == before


ACCOUNTS: list[tuple[str, dict[str, Any], str]] = [
    ("shadow", {"mode": Mode.SHADOW}, "shadow mode"),
    ("disabled", {"enabled": False}, "disabled"),
    ("read only", {"capabilities": capabilities(can_push=False)}, "takes no quantities"),
    ("undescribed", {"capabilities": None}, "was not read yet"),
    ("a location is gone", {"locations": ()}, "no location 1 any more"),
]


@pytest.mark.parametrize(
    ("fields", "text"), [a[1:] for a in ACCOUNTS], ids=[a[0] for a in ACCOUNTS]
)
def test_an_account_that_cannot_be_forced_any_more_is_not(
    fields: dict[str, Any], text: str
) -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    world.change(**fields)
    before = world.everything()
    with pytest.raises((ConflictError, UnsupportedError), match=text):
        world.decide("P1")
    assert world.everything() == before


def test_a_plan_is_decided_once() -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    world.decide("P1")
    before = world.everything()
    for share in Share:
        with pytest.raises(ConflictError, match="used already: it is forcing"):
            world.decide("P1", share=share)
    assert world.everything() == before


def test_its_decreases_are_confirmed_once_and_then_only_the_rest() -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    world.decide("P1", share=Share.DECREASES)
    world.end("P1", Share.DECREASES)
    before = world.everything()
    for share in (Share.ALL, Share.DECREASES):
        with pytest.raises(ConflictError, match="only the rest"):
            world.decide("P1", share=share)
    assert world.everything() == before


def test_another_account_or_seller_has_no_such_plan() -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    wish = Wish(by="ann", hash=HASH)
    with pytest.raises(NotFoundError):
        decide(world.counter(), "us", "P1", wish)
    with pytest.raises(NotFoundError):
        decide(world.counter(inner=world.registries.of("bolt")), ACCOUNT, "P1", wish)
    assert world.plan("P1").stages == ()


def test_what_was_used_can_be_neither_turned_down_nor_taken_back() -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    world.decide("P1")
    before = world.everything()
    for close, user in ((reject, "ann"), (cancel, "olga")):
        with pytest.raises(ConflictError, match="used already"):
            close(world.counter(user), ACCOUNT, "P1", user, "")
    assert world.everything() == before
