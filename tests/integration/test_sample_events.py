"""Every sample event, sent to the function it is for, on the embedded stack.

For samples that nobody could use any more: each is plain JSON of an event, as `sam local invoke`
takes it, and its function answers something sensible.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from local.embedded import Embedded
from tests.samples import EVENTS, SKUS, Answer, Senders, function_of, functions
from tests.stack_world import StackWorld, rules_off
from trueup.domain.runs import Run
from trueup.domain.time import system_clock
from trueup.usecases.reconcile.finalising import end_run

ORDER = (
    *("pre_token", "api", "dispatch", "sweep", "validate_import", "apply_import", "finalise"),
    *("take_movements", "close_ledger"),
    *("open_run", "fetch", "plan_compare", "compare", "close_run", "attend"),
    *("plan_replay", "replay_range", "close_replay", "export"),
    *("plan_force", "open_force", "push_force", "check_force", "close_force"),
    *(f"channel_sandbox_owner_{name}" for name in ("seed", "append", "look", "sell", "edit")),
    *(f"channel_sandbox_{name}" for name in ("describe", "fetch", "push", "check")),
    "channel_sandbox_owner_faults",
    *(f"channel_file_{name}" for name in ("describe", "fetch", "push", "check")),
    *(f"channel_vendure_{name}" for name in ("describe", "fetch", "push", "check")),
)
"""Some need what others leave behind."""


def test_each_function_has_a_sample_and_each_sample_a_function() -> None:
    assert {function_of(sample) for sample in EVENTS} == set(functions().values())
    assert sorted(ORDER) == sorted(EVENTS) == sorted(SENSIBLE)


@pytest.fixture(scope="module")
def answers(stack: Embedded) -> Iterator[dict[str, Answer]]:
    """The answer to each sample."""
    with ExitStack() as open_:
        open_.enter_context(rules_off(stack, "DispatchSchedule", "SweepSchedule"))
        demo = open_.enter_context(StackWorld(stack, "demo"))
        acme = open_.enter_context(StackWorld(stack, "acme"))
        senders = Senders(stack, demo, acme)
        senders.prepare()
        found: dict[str, Answer] = {}
        for sample in ORDER:
            found[sample] = senders.send(sample)
            senders.after(sample)
        yield found
        for stored in demo.registry.list(Run, "sandbox-eu").items:
            end_run(demo.registry, system_clock, "sandbox-eu", stored.value.id, "Over.")


def _is(**expected: Any) -> Callable[[Answer], None]:
    """The answer has these fields."""

    def check(answer: Answer) -> None:
        assert {name: answer.get(name) for name in expected} == expected, answer

    return check


def _pre_token(answer: Answer) -> None:
    details = answer["response"]["claimsAndScopeOverrideDetails"]
    claims = details["accessTokenGeneration"]["claimsToAddOrOverride"]
    assert claims == {"seller": "demo", "roles": "operator"}


def _api(answer: Answer) -> None:
    assert answer["statusCode"] == 200
    (row,) = json.loads(answer["body"])["rows"]
    assert (row["seller_identifier"], row["gap"]) == (SKUS[0], -4)


def _dispatch(answer: Answer) -> None:
    due = [e["account"] for e in answer["executions"] if e["seller"] == "demo"]
    assert due == ["sandbox-eu"]


def _sweep(answer: Answer) -> None:
    assert answer["open"] >= answer["ended"] >= 1


def _rows(*expected: list[Any]) -> Callable[[Answer], None]:
    def check(answer: Answer) -> None:
        assert (answer["outcome"], [row[:3] for row in answer["rows"]]) == ("done", list(expected))

    return check


def _pushed(**expected: Any) -> Callable[[Answer], None]:
    def check(answer: Answer) -> None:
        (result,) = answer["results"]
        assert {name: result.get(name) for name in expected} == expected

    return check


def _batch(**expected: Any) -> Callable[[Answer], None]:
    def check(answer: Answer) -> None:
        (batch,) = answer["batches"]
        assert {name: batch.get(name) for name in expected} == expected

    return check


def _places(*ids: str) -> Callable[[Answer], None]:
    def check(answer: Answer) -> None:
        assert [place["id"] for place in answer["locations"]] == list(ids)

    return check


_UNREADABLE = _is(outcome="failed", reason="The account's secret could not be read.")
_OK = _is(outcome="ok")
SENSIBLE: dict[str, Callable[[Answer], None]] = {
    "pre_token": _pre_token,
    "api": _api,
    "dispatch": _dispatch,
    "sweep": _sweep,
    "validate_import": _is(state="Applying", rows=2, faults=0),
    "apply_import": _is(state="Applied", rows=2),
    "finalise": _is(ended=True, cause="It was stopped before it had finished."),
    "take_movements": _is(  # nobody has told of that source
        batchItemFailures=[{"itemIdentifier": "00000000-0000-0000-0000-000000000001"}]
    ),
    "close_ledger": _is(looked=0, closed=0, movements=0),
    "open_run": _is(state="proceed"),
    "fetch": _is(state="done", wait_seconds=0),
    "plan_compare": _is(ranges=1),
    "compare": _is(part=0, rows=2, differing=0),
    "close_run": _is(state="Succeeded", cause=None),
    "attend": _is(left=0, broken=0),
    "plan_replay": _is(state="proceed", ranges=1),
    "replay_range": _is(part=0, identical=True, changed=0),
    "close_replay": _is(state="Succeeded", cause=None),
    "export": _is(state="Success", rows=2, cause=None),
    "plan_force": _is(state="ended"),
    "open_force": _is(state="proceed"),
    "push_force": _is(state="done", cause=""),
    "check_force": _is(state="done", cause=""),
    "close_force": _is(state="Ended", cause=None),
    "channel_sandbox_owner_seed": _OK,
    "channel_sandbox_owner_append": _OK,
    "channel_sandbox_owner_look": _OK,
    "channel_sandbox_owner_sell": _OK,
    "channel_sandbox_owner_edit": _OK,
    "channel_sandbox_owner_faults": _OK,
    "channel_sandbox_describe": _places("L1"),
    "channel_sandbox_fetch": _rows(["SKU-0001", "L1", 3], ["SKU-0002", "L1", 4]),
    "channel_sandbox_push": _pushed(outcome="stale", before=3),
    "channel_sandbox_check": _is(outcome="unsupported"),
    "channel_file_describe": _places("W1"),
    "channel_file_fetch": _rows(["SKU-0001", "W1", 5], ["SKU-0002", "W1", 0]),
    "channel_file_push": _pushed(outcome="submitted"),
    "channel_file_check": _batch(state="unknown"),
    "channel_vendure_describe": _UNREADABLE,
    "channel_vendure_fetch": _UNREADABLE,
    "channel_vendure_push": _UNREADABLE,
    "channel_vendure_check": _is(outcome="unsupported"),
}


@pytest.mark.stack
@pytest.mark.parametrize("sample", sorted(EVENTS))
def test_a_sample_gets_a_sensible_answer(answers: dict[str, Answer], sample: str) -> None:
    SENSIBLE[sample](answers[sample])
