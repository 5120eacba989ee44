"""Reading what the channel shows, in turns that each end before the Lambda's deadline."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from trueup.channel.contract import AccountRef, Budget, FetchRequest, FetchResponse
from trueup.domain.accounts import Account
from trueup.domain.errors import DefectError
from trueup.domain.rates import Grant
from trueup.domain.runs import Fetch, Progress, Run
from trueup.ports import Replace, Stored
from trueup.usecases import rates
from trueup.usecases.reconcile.collecting import Collector
from trueup.usecases.reconcile.job import Job, begin_step, fetch_of
from trueup.usecases.runs import require_account
from trueup.usecases.work import Work

MARGIN_MS = 20_000
"""Kept back of the Lambda's time for writing the last segment and the checkpoint."""

LEAST_CALL_MS = 5_000
CALL_MS = 25_000
ATTEMPTS = 3
TURNS_AN_EXECUTION = 400
"""Of some 10 history events each, and an execution may have 25,000."""

LONGEST_WAIT_SECONDS = 300
"""A wait ends well within the lease, so that the next turn can renew it. A longer pause goes on."""

Remaining = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Turn:
    """How a turn ended; the state machine's Choice goes by `state`."""

    state: Literal["more", "wait", "done", "failed", "continue"]
    wait_seconds: int = 0
    cause: str = ""
    execution: str = ""
    """`continue`: the name of the execution that goes on."""


def fetch_turn(work: Work, job: Job, remaining_ms: Remaining) -> Turn:
    """Fetch until done, throttled, failed, or short of time; what was read is kept at the end.

    `remaining_ms` answers how long this Lambda may still run. A turn that dies is repeated from
    the last checkpoint. Answers that contradict each other restart the fetch, three times at most.
    """
    run = begin_step(work, job)
    fetch = fetch_of(work, job)
    if fetch.value.done:
        return Turn("done")
    account = require_account(work.registry, job.account).value
    collector = Collector(work, job, run.value.inputs, fetch.value)
    turn = _read(work, account, run.value, collector, remaining_ms)
    turn = _continued(turn, job, fetch.value.turns + 1)
    _checkpoint(work, run, fetch, collector.finish(), turn)
    return turn


def _continued(turn: Turn, job: Job, turns: int) -> Turn:
    """Go on in a new execution every so many turns; a wait is then the channel's to ask again."""
    if turn.state not in ("more", "wait") or turns % TURNS_AN_EXECUTION:
        return turn
    return Turn("continue", execution=f"{job.run}-{turns}")


def _read(
    work: Work, account: Account, run: Run, collector: Collector, remaining_ms: Remaining
) -> Turn:
    while (available := remaining_ms() - MARGIN_MS) >= LEAST_CALL_MS:
        granted = rates.take(work.registry, account, work.clock)
        if not granted.calls:
            return Turn("wait", min(granted.wait_seconds, LONGEST_WAIT_SECONDS))
        request = _request(work, account, run, collector, granted, min(available, CALL_MS))
        response = _call(work, account, request)
        rates.settle(work.registry, account, granted, response.calls)
        turn = _take(work, account, collector, response)
        if turn is not None:
            return turn
    return Turn("more")


def _request(
    work: Work, account: Account, run: Run, collector: Collector, granted: Grant, milliseconds: int
) -> FetchRequest:
    reference = AccountRef(
        seller=work.seller, account=account.id, config=account.config, secret=account.secret
    )
    return FetchRequest(
        account=reference,
        budget=Budget(milliseconds=milliseconds, calls=granted.calls),
        cursor=collector.cursor,
        locations=[link.channel_location for link in run.inputs.links],
    )


def _call(work: Work, account: Account, request: FetchRequest) -> FetchResponse:
    response = work.channels.call(account.channel, request)
    if not isinstance(response, FetchResponse):
        raise DefectError(f"The connector {account.channel} did not answer a fetch.")
    return response


def _take(
    work: Work, account: Account, collector: Collector, response: FetchResponse
) -> Turn | None:
    """Keep an answer's rows; a turn where it ends this one."""
    contradiction = collector.take(response)
    if contradiction:
        return _restart(collector, contradiction)
    match response.outcome:
        case "failed":
            return Turn("failed", cause=f"The channel could not be read: {response.reason}")
        case "throttled":
            seconds = max(1, response.retry_after_seconds)
            rates.pause(work.registry, account, seconds, work.clock)
            return Turn("wait", min(seconds, LONGEST_WAIT_SECONDS))
        case "done":
            return _complete(collector)
        case "more":
            return None


def _complete(collector: Collector) -> Turn:
    contradiction = collector.incomplete()
    if contradiction:
        return _restart(collector, contradiction)
    collector.mark_done()
    return Turn("done")


def _restart(collector: Collector, contradiction: str) -> Turn:
    if collector.attempt >= ATTEMPTS:
        cause = f"The channel's answers did not fit together {ATTEMPTS} times: {contradiction}"
        return Turn("failed", cause=cause)
    collector.restart()
    return Turn("more")


def _checkpoint(
    work: Work, run: Stored[Run], fetch: Stored[Fetch], reached: Fetch, turn: Turn
) -> None:
    """Store how far the fetch has come, and show it."""
    progress = Progress(phase="fetching", rows_fetched=reached.rows, rows_expected=reached.expected)
    changes = {"progress": progress, "execution": turn.execution or run.value.execution}
    work.registry.write(
        Replace(reached, fetch.version),
        Replace(run.value.model_copy(update=changes), run.version),
    )
