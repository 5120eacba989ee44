"""Pushing chunk after chunk, in turns that each end before the Lambda's deadline.

Whatever dies on the way, a row is sent once: its intent is stored before the call, and who finds
an intent without a result sends the very same again only where the channel is idempotent; else
it reads what the channel shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trueup.domain.errors import LeaseLostError, RetryLaterError
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, rows_of
from trueup.domain.rates import Grant
from trueup.domain.time import milliseconds
from trueup.ports import Stored
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
from trueup.usecases.force.judging import (
    answered,
    intended,
    intended_on_hand,
    superseded,
    unsure,
    windowed,
)
from trueup.usecases.force.keeping import keep, keep_intent, with_rows
from trueup.usecases.force.own_position import by_position
from trueup.usecases.force.reading_back import read_back_now, shown_now
from trueup.usecases.force.sending import Answer, give_back, grant, send
from trueup.usecases.work import Work

MARGIN_MS = 120_000
"""Kept back of the Lambda's time: as long as a chunk may take."""

CALLS_MS = 60_000
"""Of a chunk that takes several calls, no further one is begun with less time left."""

STUCK_SECONDS = 10
"""Where a call came to no row at all, it is tried again after this."""

TOO_LATE = "It had not finished by its deadline; what was not sent was left."
NOT_LIVE = "The account was taken out of live mode or disabled; what was not sent was left."

Rows = Sequence[PushRow]


@dataclass(frozen=True, slots=True)
class _Pause:
    """Why a chunk is left for now: seconds to wait (0: only this turn's time is up), or a cause
    that ends the part.
    """

    seconds: int = 0
    cause: str = ""


def push_force(work: Work, job: ForceJob, remaining_ms: Remaining) -> dict[str, Any]:
    """Push until done, throttled or short of time. A turn that dies is repeated where it was."""
    return counted(work, job, _turn(work, job, remaining_ms))


def _turn(work: Work, job: ForceJob, remaining_ms: Remaining) -> Turn:
    number = job.turn.next
    while remaining_ms() >= MARGIN_MS:
        force, stored = force_of(work, job), chunk_of(work, job, number)
        if force is None or stored is None:
            return Turn("done")
        over = _over(force)
        pause = _Pause(cause=over) if over else push_chunk(force, stored, remaining_ms)
        if pause:
            return _left(pause, number)
        number += 1
    return Turn("more", number)


def _left(pause: _Pause, number: int) -> Turn:
    if pause.cause:
        return Turn("done", cause=pause.cause)
    if not pause.seconds:
        return Turn("more", number)
    return Turn("wait", number, wait_seconds=min(pause.seconds, LONGEST_WAIT_SECONDS))


def _over(force: Force) -> str:
    """Why no further chunk is sent; "": nothing is in the way. Asked before each of them."""
    if force.work.clock() >= force.stage.deadline:
        return TOO_LATE
    return "" if force.live else NOT_LIVE


def push_chunk(force: Force, chunk: Stored[PushChunk], remaining_ms: Remaining) -> _Pause | None:
    """Push all rows of a chunk that are not final; None: each has been sent, or has ended."""
    chunk, again = _taken_up(force, chunk), False
    while waiting := _waiting(chunk.value):
        granted = _granted(force, waiting)
        if isinstance(granted, _Pause):
            return granted
        try:
            chunk, made = _with_intent(force, chunk, granted)
        except RetryLaterError as error:
            give_back(force, granted, 1)
            return _Pause(max(1, error.seconds))
        rows = rows_of(chunk.value)
        if not _sending(rows):
            give_back(force, granted, made)
            break
        answer = send(force, chunk.value, rows, granted, made)
        chunk = _answered(force, chunk, answer, again=again)
        again = _sending(rows_of(chunk.value))
        pause = _pause(answer, _waiting(chunk.value) < waiting)
        if pause:
            return pause
        if _waiting(chunk.value) and remaining_ms() < CALLS_MS:
            return _Pause()
    read_back_now(force, chunk)
    return None


def _granted(force: Force, rows: int) -> Grant | _Pause:
    """Calls for so many rows, or how long to wait for some."""
    try:
        granted = grant(force, rows)
    except RetryLaterError as error:
        return _Pause(max(1, error.seconds))
    return granted if granted.calls else _Pause(max(1, granted.wait_seconds))


def _pause(answer: Answer, progress: bool) -> _Pause | None:  # noqa: FBT001
    if answer.cause:
        return _Pause(cause=answer.cause)
    if answer.wait or not progress:
        return _Pause(answer.wait or STUCK_SECONDS)
    return None


def _waiting(chunk: PushChunk) -> int:
    return chunk.counts.queued


def _sending(rows: Rows) -> bool:
    return any(row.outcome == PushOutcome.SENDING for row in rows)


def _taken_up(force: Force, chunk: Stored[PushChunk]) -> Stored[PushChunk]:
    """What an earlier try left as perhaps sent is sent again only where that has no effect."""
    rows = rows_of(chunk.value)
    if force.capabilities.idempotent or not _sending(rows):
        return chunk
    return _kept(force, chunk, [unsure(row) for row in rows])


def _with_intent(
    force: Force, chunk: Stored[PushChunk], granted: Grant
) -> tuple[Stored[PushChunk], int]:
    """The chunk with the intent of what is to be sent, and the calls that were made for it.

    What may not be sent has ended. RetryLaterError: the channel is to be asked later.
    """
    value = chunk.value
    rows = by_position(force, value.channel_location, rows_of(value))
    told, made = _intended(force, value, rows, granted)
    if not _sending(told):
        return _kept(force, chunk, told), made
    try:
        return keep_intent(force, chunk, with_rows(value, told, force.work.clock())), made
    except LeaseLostError:
        now = milliseconds(force.work.clock())
        return _kept(force, chunk, [superseded(row, now) for row in rows_of(value)]), made


def _intended(force: Force, chunk: PushChunk, rows: Rows, granted: Grant) -> tuple[Rows, int]:
    """Of channels that take on hand, what they show is read first."""
    queued = [row.key for row in rows if row.outcome == PushOutcome.QUEUED]
    if force.capabilities.takes != "on_hand" or not queued:
        now = milliseconds(force.work.clock())
        return [intended(row, now) if _is_queued(row) else row for row in rows], 0
    shown, seen = shown_now(force, chunk.channel_location, queued, granted)
    now = milliseconds(force.work.clock())
    told = [
        intended_on_hand(row, shown.get(row.key), now) if _is_queued(row) else row for row in rows
    ]
    return told, seen.calls


def _is_queued(row: PushRow) -> bool:
    return row.outcome == PushOutcome.QUEUED


def _answered(
    force: Force, chunk: Stored[PushChunk], answer: Answer, *, again: bool
) -> Stored[PushChunk]:
    """Store what the channel said. A lost answer is asked for once more where that is safe."""
    now, channel = milliseconds(force.work.clock()), force.capabilities
    window = 0 if channel.compare_and_set else max(chunk.value.window_ms, answer.took_ms)
    rows = rows_of(chunk.value)
    for i, result in answer.results.items():
        row = answered(rows[i], result, now)
        keep_asking = channel.idempotent and not again
        row = row if keep_asking else unsure(row)
        rows[i] = row if channel.compare_and_set else windowed(row, window)
    return _kept(force, chunk, rows, window_ms=window)


def _kept(force: Force, chunk: Stored[PushChunk], rows: Rows, **also: Any) -> Stored[PushChunk]:
    after = with_rows(chunk.value, rows, force.work.clock(), **also)
    return keep(force.work.registry, chunk, after)
