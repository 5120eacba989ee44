"""Quantities that the product, or a tool of the seller, set at a channel: told, and read again."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trueup.domain.accounts import Account
from trueup.domain.errors import Fault, RejectedError
from trueup.domain.ledger import milliseconds
from trueup.domain.pushes import UNREAD, PushEntry, entries_of
from trueup.domain.stock import MAX_QUANTITY
from trueup.explain.facts import Push
from trueup.ledger.blocks import Codec
from trueup.ledger.streams import pushes_stream, shard_of
from trueup.ports import Ledger
from trueup.usecases.intake.events import CodeText, EventId
from trueup.usecases.intake.taking import Fate, Gate, Outcome, fates_of, worst
from trueup.usecases.ledger.appending import append
from trueup.usecases.ledger.checkpoints import last_known
from trueup.usecases.runs import require_account
from trueup.usecases.sources import RESERVED

MAX_PUSHES = 1_000
"""Of one batch."""

PUSHES = Codec("pushes", PushEntry)
Quantity = Annotated[int, Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]


class PushIn(BaseModel):
    """A quantity set at a channel, in its units; instants are the channel's answers'.

    `before`: what the channel showed then, if it was read. `seen_at`: when it was read back as
    set; the same push may be told again once that is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: EventId
    channel_location: CodeText
    key: CodeText
    quantity: Quantity
    before: Quantity | None = None
    accepted_at: AwareDatetime
    seen_at: AwareDatetime | None = None


def take_pushes(gate: Gate, account: str, tool: str, pushes: Sequence[PushIn]) -> list[Outcome]:
    """Store what a tool set. NotFoundError: no such account; RejectedError with all faults."""
    known = require_account(gate.registry, account).value
    faults = [*_tool_faults(tool), *_faults(known, pushes)]
    if faults:
        raise RejectedError("Some pushes are wrong; none was stored.", tuple(faults))
    return append_pushes(gate, account, [_entry(tool, push) for push in pushes])


def append_pushes(gate: Gate, account: str, pushes: Sequence[PushEntry]) -> list[Outcome]:
    """Append pushes, each once, and tell what became of each."""
    parts = [(i, entry) for i, push in enumerate(pushes) for entry in entries_of(push)]
    stream, entries = pushes_stream(account), [entry for _, entry in parts]
    fates: list[list[tuple[Fate, str | None]]] = [[] for _ in pushes]
    for index, fate in fates_of(append(gate.ledger, gate.clock, stream, entries, PUSHES)):
        fates[parts[index][0]].append(fate)
    return [Outcome(push.id, *worst(found)) for push, found in zip(pushes, fates, strict=True)]


def pushes_of(
    ledger: Ledger, account: str, location: str, keys: Iterable[str], since: int = 0
) -> dict[str, tuple[Push, ...]]:
    """The pushes of some keys at a channel location, oldest first; keys without one are absent.

    `since`: those that were recorded later (milliseconds), read without what lies before.
    """
    wanted = set(keys)
    stream = pushes_stream(account)
    entries = (
        entry
        for shard in sorted({shard_of(key) for key in wanted})
        for _, block in ledger.read(stream, shard, _before(ledger, stream, shard, since))
        for entry in PUSHES.entries(block)
        if entry.sku in wanted and entry.location == location
    )
    return {key: pushes for (_, key), pushes in merged(entries).items()}


def _before(ledger: Ledger, stream: str, shard: int, since: int) -> int:
    last = ledger.last(stream, shard) if since else 0
    return last_known(ledger, stream, shard, last, since)


def merged(entries: Iterable[PushEntry]) -> dict[tuple[str, str], tuple[Push, ...]]:
    """Pushes of what is stored of them, by channel location and key, oldest first."""
    told: dict[tuple[str, str, str, str], list[PushEntry]] = {}
    for entry in entries:
        name = (entry.location, entry.sku, entry.source, entry.push_id)
        told.setdefault(name, []).append(entry)
    pushes: dict[tuple[str, str], list[Push]] = {}
    for (location, key, source, id_), parts in told.items():
        pushes.setdefault((location, key), []).append(_merged(f"{source}:{id_}", parts))
    return {name: tuple(sorted(found, key=_accepted)) for name, found in pushes.items()}


def _accepted(push: Push) -> tuple[int, str]:
    return push.accepted_at, push.id


def _merged(id_: str, entries: Sequence[PushEntry]) -> Push:
    """A push of what is stored of it: that it was set, and (maybe) that it was seen.

    That another quantity was seen was told of an id in conflict: it says nothing of this push.
    """
    set_ = next((entry for entry in entries if not entry.seen_at), entries[0])
    told = (set_.quantity, set_.occurred_at)
    seen = [entry.seen_at for entry in entries if (entry.quantity, entry.occurred_at) == told]
    return Push(
        id=id_,
        quantity=set_.quantity,
        accepted_at=set_.occurred_at,
        before=None if set_.before == UNREAD else set_.before,
        seen_at=max(seen) or None,
    )


def _entry(tool: str, push: PushIn) -> PushEntry:
    return PushEntry(
        sku=push.key,
        location=push.channel_location,
        quantity=push.quantity,
        occurred_at=milliseconds(push.accepted_at),
        source=tool,
        id=push.id,
        before=UNREAD if push.before is None else push.before,
        seen_at=milliseconds(push.seen_at) if push.seen_at else 0,
    )


_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def _tool_faults(tool: str) -> list[Fault]:
    return [Fault("/tool", "is what the product calls itself")] if tool in RESERVED else []


def _faults(account: Account, pushes: Sequence[PushIn]) -> list[Fault]:
    places = {place.id for place in account.locations}
    faults: list[Fault] = []
    first: dict[str, Any] = {}
    for index, push in enumerate(pushes):
        where = f"/pushes/{index}"
        if push.channel_location not in places:
            faults.append(Fault(f"{where}/channel_location", "is no location of this account"))
        if push.accepted_at <= _EARLIEST:
            faults.append(Fault(f"{where}/accepted_at", "lies before 1970"))
        if push.seen_at is not None and push.seen_at < push.accepted_at:
            faults.append(Fault(f"{where}/seen_at", "lies before it was accepted"))
        if first.setdefault(push.id, push) != push:
            faults.append(Fault(f"{where}/id", "is that of another push of this batch"))
    return faults
