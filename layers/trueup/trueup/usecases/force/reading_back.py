"""Reading what the channel shows of pushed rows, and comparing them again with it.

So the rows that people see are right at once, without waiting for the next run.
"""

from collections.abc import Sequence
from contextlib import suppress

from trueup.domain.errors import RejectedError, RetryLaterError
from trueup.domain.keys import channel_key_of
from trueup.domain.pushes import PushEntry
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, push_id, rows_of
from trueup.domain.rates import Grant
from trueup.domain.time import milliseconds
from trueup.ports import Stored
from trueup.usecases.chosen import Seen, lay_compared, look
from trueup.usecases.force.job import Force
from trueup.usecases.force.judging import LOST, READING_SECONDS, Shown, read, windowed
from trueup.usecases.force.keeping import keep, with_rows
from trueup.usecases.force.own_position import inputs_of, rules_of
from trueup.usecases.intake.pushing import append_pushes
from trueup.usecases.intake.taking import Gate
from trueup.usecases.overlays import overlays_of
from trueup.usecases.recheck import MAX_OVERLAYS

SOURCE = "trueup"
ACTOR = "rule:force"


def shown_now(
    force: Force, location: str, keys: Sequence[str], granted: Grant | None = None
) -> tuple[dict[str, Shown], Seen]:
    """What the channel shows of some rows, by row key. As `chosen.look` takes and raises."""
    named = {channel_key_of(key): key for key in keys}
    seen = look(force.work, force.account, location, sorted(named), granted)
    channel = force.capabilities
    shown = {named[row.key]: Shown.of(row, channel) for row in seen.rows if row.key in named}
    return shown, seen


def read_back_now(force: Force, chunk: Stored[PushChunk]) -> None:
    """As `read_back`; what cannot be read now is read when the part is checked."""
    with suppress(RetryLaterError, RejectedError):
        read_back(force, chunk)


def read_back(force: Force, chunk: Stored[PushChunk]) -> bool:
    """Read a chunk's rows and compare them again; whether nothing is left to be done of it.

    RetryLaterError, RejectedError: the channel cannot be read, and it is not too late to wait.
    """
    rows = rows_of(chunk.value)
    _tell(force, chunk.value, rows)
    sent = [row for row in rows if row.intent_at]
    if not sent or (_many(force, chunk.value) and not _open(rows)):
        keep(force.work.registry, chunk, _done(force, chunk.value, rows))
        return True
    try:
        keys = [row.key for row in sent]
        shown, seen = shown_now(force, chunk.value.channel_location, keys)
    except (RetryLaterError, RejectedError):
        return _given_up(force, chunk, rows)
    now, rules = milliseconds(force.work.clock()), rules_of(force)
    at = milliseconds(seen.captured_at)
    told = [_noted(force, chunk, read(row, shown.get(row.key), at, rules, now)) for row in rows]
    return _settled(force, chunk, told, seen)


def _noted(force: Force, chunk: Stored[PushChunk], row: PushRow) -> PushRow:
    if force.capabilities.compare_and_set:
        return row
    return windowed(row, chunk.value.window_ms)


def _settled(force: Force, chunk: Stored[PushChunk], rows: Sequence[PushRow], seen: Seen) -> bool:
    """Store what was read; the rows are compared again once all of them are final."""
    if _open(rows):
        after = with_rows(chunk.value, rows, force.work.clock())
        keep(force.work.registry, chunk, after)
        return False
    _tell(force, chunk.value, rows)
    if not _many(force, chunk.value):
        _lay(force, chunk.value, [row for row in rows if row.intent_at], seen)
    keep(force.work.registry, chunk, _done(force, chunk.value, rows))
    return True


def _given_up(force: Force, chunk: Stored[PushChunk], rows: Sequence[PushRow]) -> bool:
    """Of a channel that cannot be read for long, nothing is waited for any more."""
    now, rules = milliseconds(force.work.clock()), rules_of(force)
    told = [read(row, None, None, rules, now) for row in rows]
    latest = max(row.intent_at for row in rows)
    if _open(told) or now < latest + READING_SECONDS * 1000:
        raise RetryLaterError("The channel cannot be read for now.", 20)
    keep(force.work.registry, chunk, _done(force, chunk.value, told))
    return True


def _done(force: Force, chunk: PushChunk, rows: Sequence[PushRow]) -> PushChunk:
    return with_rows(chunk, rows, force.work.clock(), read_back=True)


def _open(rows: Sequence[PushRow]) -> bool:
    return not all(PushOutcome(row.outcome).final for row in rows)


def _many(force: Force, chunk: PushChunk) -> bool:
    """Whether a run has to compare them: there are more than overlays may be."""
    place = chunk.channel_location
    rows = [p.rows_in(force.job.share) for p in force.plan.places if p.channel_location == place]
    return sum(rows) > MAX_OVERLAYS


def _tell(force: Force, chunk: PushChunk, rows: Sequence[PushRow]) -> None:
    """What was set, to the ledger of pushes; told again, it is stored once."""
    entries = [_entry(chunk, i, row) for i, row in enumerate(rows) if _was_taken(row)]
    gate = Gate(force.work.registry, force.work.ledger, force.work.clock)
    if entries:
        append_pushes(gate, force.account.id, entries)


def _was_taken(row: PushRow) -> bool:
    if row.outcome == PushOutcome.APPLIED:
        return True
    return row.outcome == PushOutcome.SUBMITTED and row.message != LOST


def _entry(chunk: PushChunk, index: int, row: PushRow) -> PushEntry:
    seen = row.outcome == PushOutcome.APPLIED and row.after == row.quantity
    return PushEntry(
        sku=channel_key_of(row.key),
        location=chunk.channel_location,
        quantity=row.quantity,
        occurred_at=row.intent_at,
        source=SOURCE,
        id=push_id(chunk, index),
        before=row.before,
        seen_at=row.done_at if seen else 0,
    )


def _lay(force: Force, chunk: PushChunk, rows: Sequence[PushRow], seen: Seen) -> None:
    """Compare rows with what was read, and lay them over the last run's."""
    work, place = force.work, chunk.channel_location
    link = force.link(place)
    standing = overlays_of(work.registry, chunk.account, place)
    keys = sorted({row.key for row in rows})
    if link is None or len(standing.keys() | set(keys)) > MAX_OVERLAYS:
        return
    lay_compared(work, inputs_of(force, place), link, keys, seen, ACTOR)
