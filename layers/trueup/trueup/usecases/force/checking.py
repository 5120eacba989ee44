"""Asking after what a channel took in to apply it later, and after what it has not shown yet."""

from collections.abc import Mapping
from typing import Any

from trueup.channel.contract import (
    LEAST_CALLS,
    BatchState,
    Budget,
    CheckRequest,
    CheckResponse,
)
from trueup.domain.errors import DefectError, RejectedError, RetryLaterError
from trueup.domain.keys import channel_key_of
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, rows_of
from trueup.domain.time import milliseconds
from trueup.ports import Stored
from trueup.usecases import rates
from trueup.usecases.chosen import reference_to
from trueup.usecases.force.job import (
    LONGEST_WAIT_SECONDS,
    Force,
    ForceJob,
    Remaining,
    Turn,
    chunk_of,
    counted,
    force_of,
)
from trueup.usecases.force.judging import confirmed, unsure
from trueup.usecases.force.keeping import keep, with_rows
from trueup.usecases.force.own_position import rules_of
from trueup.usecases.force.pushing import MARGIN_MS, TOO_LATE
from trueup.usecases.force.reading_back import read_back
from trueup.usecases.force.sending import CALL_MS
from trueup.usecases.work import Work

POLL_SECONDS = 20


def check_force(work: Work, job: ForceJob, remaining_ms: Remaining) -> dict[str, Any]:
    """Check and read back what is not final, until all is, or it is time to wait."""
    return counted(work, job, _turn(work, job, remaining_ms))


def _turn(work: Work, job: ForceJob, remaining_ms: Remaining) -> Turn:
    force = force_of(work, job)
    if force is None:
        return Turn("done")
    number, waits = job.turn.next, 0
    first: int | None = None
    while remaining_ms() >= MARGIN_MS:
        chunk = chunk_of(work, job, number)
        if chunk is None:
            return Turn("done") if first is None else Turn("wait", first, wait_seconds=waits)
        if work.clock() >= force.stage.deadline:
            return Turn("done", cause=TOO_LATE)
        seconds = check_chunk(force, chunk)
        if seconds:
            first = number if first is None else first
            waits = max(waits, min(seconds, LONGEST_WAIT_SECONDS))
        number += 1
    return Turn("more", number if first is None else first)


def check_chunk(force: Force, chunk: Stored[PushChunk]) -> int:
    """Seconds after which to look at a chunk again; 0: nothing is left to be done of it."""
    if chunk.value.read_back or chunk.value.counts.queued:
        return 0
    try:
        checked, pending = _checked(force, chunk)
        if pending:
            return POLL_SECONDS
        return 0 if read_back(force, checked) else POLL_SECONDS
    except RetryLaterError as error:
        return max(1, error.seconds)
    except RejectedError:
        return POLL_SECONDS


def last_look(force: Force, chunk: Stored[PushChunk]) -> None:
    """What can still be learnt of a chunk before its part ends early."""
    rows = [unsure(row) for row in rows_of(chunk.value)]
    if not any(row.outcome == PushOutcome.SUBMITTED for row in rows):
        return
    after = with_rows(chunk.value, rows, force.work.clock())
    try:
        read_back(force, _checked(force, keep(force.work.registry, chunk, after))[0])
    except (RetryLaterError, RejectedError, DefectError):
        return  # then nobody knows, and the log says so


def _checked(force: Force, chunk: Stored[PushChunk]) -> tuple[Stored[PushChunk], bool]:
    """The chunk with what became of its batches; whether reading it back is to wait for some."""
    rows = rows_of(chunk.value)
    batches = sorted({row.batch for row in rows if _in_batch(row)})
    if not batches:
        return chunk, False
    states = {state.batch: state for state in _ask(force, batches)}
    told = [_confirmed(force, chunk.value, row, states) for row in rows]
    after = with_rows(chunk.value, told, force.work.clock())
    kept = chunk if told == rows else keep(force.work.registry, chunk, after)
    return kept, any(_is_pending(force, row, states) for row in told)


def _is_pending(force: Force, row: PushRow, states: Mapping[str, BatchState]) -> bool:
    state = states.get(row.batch) if _in_batch(row) else None
    until = row.intent_at + rules_of(force).patience_ms()
    in_time = milliseconds(force.work.clock()) < until
    return state is not None and state.state == "pending" and in_time


def _in_batch(row: PushRow) -> bool:
    return row.outcome == PushOutcome.SUBMITTED and bool(row.batch)


def _confirmed(
    force: Force, chunk: PushChunk, row: PushRow, states: Mapping[str, BatchState]
) -> PushRow:
    state = states.get(row.batch) if _in_batch(row) else None
    if state is None:
        return row
    mine = (channel_key_of(row.key), chunk.channel_location)
    refused = next((r.reason for r in state.refused if (r.key, r.location) == mine), None)
    return confirmed(row, state, refused, milliseconds(force.work.clock()))


def _ask(force: Force, batches: list[str]) -> list[BatchState]:
    """RetryLaterError: the channel asks for a pause. A channel that cannot say gives nothing."""
    work, account = force.work, force.account
    granted = rates.take(work.registry, account, work.clock, want=LEAST_CALLS)
    if not granted.calls:
        raise RetryLaterError("The channel's rate is used up for now.", granted.wait_seconds)
    request = CheckRequest(
        account=reference_to(work, account),
        budget=Budget(milliseconds=CALL_MS, calls=granted.calls),
        batches=[*batches],
    )
    response = work.channels.call(account.channel, request)
    if not isinstance(response, CheckResponse):
        raise DefectError(f"The connector {account.channel} did not answer a check.")
    rates.settle(work.registry, account, granted, len(batches))
    if response.outcome == "throttled":
        seconds = max(1, response.retry_after_seconds)
        rates.pause(work.registry, account, seconds, work.clock)
        raise RetryLaterError("The channel asks for a pause.", seconds)
    return response.batches if response.outcome == "ok" else []
