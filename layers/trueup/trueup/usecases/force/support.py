"""What to send to whoever helps with a push: all that is known of it, and nothing secret.

Nothing of the account's configuration is in it, nor the name of its secret.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.domain.accounts import Account
from trueup.domain.force import PlanPlace
from trueup.domain.pushlog import PushChunk
from trueup.domain.runs import Version
from trueup.domain.time import Clock, iso, milliseconds
from trueup.explain.facts import Push
from trueup.ports import Ledger, Registry
from trueup.usecases.books import rows_book
from trueup.usecases.force.log import find_push, require_push
from trueup.usecases.force.log_rows import LogRow, log_rows
from trueup.usecases.intake.pushing import pushes_of
from trueup.usecases.whole import all_of

MAX_ATTEMPTS = 20
"""Of a chain of retries that a bundle tells of, before and behind the push."""

MAX_SET = 50
"""Quantities that were set for the row lately, by us or by a tool."""

LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Bundle:
    """`attempts`: all pushes of the chain, the first one first, this one among them. `place`: what
    the plan was made from, `run` that had made it (None: no longer kept). `set_lately`: what the
    ledger says was set for the row, from a day before the push on; of the last days only.
    """

    push: LogRow
    attempts: tuple[LogRow, ...]
    place: PlanPlace | None
    run: str | None
    set_lately: tuple[Push, ...]
    generated_at: datetime

    @property
    def summary(self) -> str:
        """The same in a few lines of text, to be read by a person."""
        return "\n".join(_lines(self))


def support_bundle(registry: Registry, ledger: Ledger, clock: Clock, id_: str) -> Bundle:
    """All that is known of a push. NotFoundError: the seller has none such, or no longer."""
    push, now = require_push(registry, id_), clock()
    places = (p for p in push.plan.places if p.channel_location == push.chunk.channel_location)
    place = next(places, None)
    earlier = list(_earlier(registry, push))
    attempts = (*reversed(earlier), push, *_later(registry, push))
    run = _run_of(registry, push.account, place) if place else None
    return Bundle(push, attempts, place, run, _set_lately(ledger, push, now), now)


def _earlier(registry: Registry, push: LogRow) -> Iterator[LogRow]:
    found: LogRow | None = push
    for _ in range(MAX_ATTEMPTS):
        if found is None or not found.row.retry_of:
            return
        found = find_push(registry, found.account, found.row.retry_of)
        if found is not None:
            yield found


def _later(registry: Registry, push: LogRow) -> Iterator[LogRow]:
    found: LogRow | None = push
    for _ in range(MAX_ATTEMPTS):
        found = _retry_of(registry, found) if found and found.row.retried_by else None
        if found is None:
            return
        yield found


def _retry_of(registry: Registry, push: LogRow) -> LogRow | None:
    """The push that has this one anew; None: it is no longer kept."""
    key, place = push.row.key, push.chunk.channel_location
    for stored in all_of(registry, PushChunk, push.account.id, push.row.retried_by):
        chunk = stored.value
        if chunk.channel_location == place and chunk.lo <= key <= chunk.hi:
            for index, found in enumerate(log_rows(push.account, push.plan, chunk)):
                if found.row.retry_of == push.id:
                    return find_push(registry, push.account, f"{chunk.name}.{index}")
    return None


def _run_of(registry: Registry, account: Account, place: PlanPlace) -> str | None:
    book = rows_book(account.id, place.channel_location)
    version = registry.get(Version, book, f"{place.version:012d}")
    return version.value.made_by if version else None


def _set_lately(ledger: Ledger, push: LogRow, now: datetime) -> tuple[Push, ...]:
    since = max(push.queued_at - timedelta(days=1), now - LATELY)
    location, key = push.chunk.channel_location, push.channel_sku
    found = pushes_of(ledger, push.account.id, location, [key], milliseconds(since))
    return found.get(key, ())[-MAX_SET:]


def _lines(bundle: Bundle) -> Iterator[str]:
    push, row = bundle.push, bundle.push.row
    place, account, plan = push.place, push.account, push.plan
    yield f"Push {push.id}: {push.status}, {push.outcome.name}"
    yield f"Message: {push.message}"
    yield f"Item: SKU {push.sku}, channel SKU {push.channel_sku}, product {row.product_id or '-'}"
    yield f"Channel: {account.channel}, account {account.id} ({account.name})"
    yield f"Location: {place.id}" + (f" ({place.code}, {place.name})" if place.name else "")
    yield f"Quantity: {row.quantity}; {_formula(push)}"
    yield f"The channel showed {row.showed} for the plan, {_text(push.before)} before the write and"
    yield f"  {_text(push.after)} after it; sent {row.sent}, expected {row.expected}"
    yield f"Plan {plan.id}: {plan.kind}, proposed by {plan.proposed_by} at {iso(plan.proposed_at)}"
    if push.stage:
        verb = "approved" if push.stage.approved else "confirmed"
        at = iso(push.stage.decided_at)
        yield f"Part {push.stage.share}: {verb} by {push.stage.decided_by} at {at}"
    yield f"Queued {iso(push.queued_at)}, sent {_at(push.sent_at)}, ended {_at(push.done_at)}"
    for one in bundle.attempts:
        yield f"Attempt {one.row.attempts}: {one.id}: {one.status}, {one.message}"
    if bundle.place:
        version, at = bundle.place.version, iso(bundle.place.as_of)
        yield f"Made from version {version} of run {bundle.run or '-'}, captured at {at}"


def _formula(push: LogRow) -> str:
    row = push.row
    cap = "no cap" if push.cap is None else f"cap {push.cap}"
    terms = f"({row.sellable} x {row.allocation}% + {row.backorder} - {row.buffer})"
    calculated = f"{terms} / {row.pack_size}, {cap}: {_text(push.calculated)}"
    if push.restores:
        return f"what was shown before; calculated {calculated}"
    withheld = f", less {row.withheld} for orders not imported yet" if row.withheld else ""
    return f"calculated {calculated}{withheld}"


def _text(quantity: int | None) -> str:
    return "not read" if quantity is None else str(quantity)


def _at(at: datetime | None) -> str:
    return iso(at) if at else "not yet"
