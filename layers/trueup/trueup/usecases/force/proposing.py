"""Asking for a plan, or refusing it at once with everything that is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from trueup.books.manifest import Manifest, load_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import LISTINGS
from trueup.domain.accounts import Account, Link, Mode
from trueup.domain.errors import ConflictError, Fault, RejectedError, UnsupportedError
from trueup.domain.force import MAX_LOCATIONS, ForcePlan, PlanState, Scope
from trueup.domain.keys import BEHIND, sku_of
from trueup.domain.runs import Head
from trueup.domain.time import NewId
from trueup.ports import Create, Machines, PageStore, Registry
from trueup.usecases.books import listings_book, pin, rows_book
from trueup.usecases.connectors import CONNECTORS
from trueup.usecases.rows.filters import Filters
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of
from trueup.usecases.work import Work

DEADLINE = timedelta(minutes=40)
"""No plan is left in the making longer than this."""

MAX_SKUS = 10_000
MAX_OPEN = 10
"""Plans of an account that are being made at a time."""

_LOOKED_AT = 50
_MAX_SKU_BYTES = 200_000
"""They are kept in the plan's record."""
NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants to make right: SKUs, or the view's filters; neither: all that differs."""

    account: str
    locations: Sequence[str]
    by: str
    skus: Sequence[str] = ()
    filters: Filters = NO_FILTERS
    include_settling: bool = False

    @property
    def scope(self) -> Scope:
        chosen = self.filters
        return Scope(
            locations=tuple(dict.fromkeys(self.locations)),
            skus=tuple(sorted(set(self.skus))),
            cause=chosen.cause,
            direction=chosen.direction.value if chosen.direction else None,
            outcome=chosen.outcome.value if chosen.outcome else None,
            title=chosen.title,
            include_settling=self.include_settling,
        )


def propose_plan(work: Work, machines: Machines, new_id: NewId, proposal: Proposal) -> ForcePlan:
    """Begin to make a plan. Nothing is claimed or sent by it.

    NotFoundError: no such account; UnsupportedError: its channel cannot be pushed to;
    ConflictError: it is in shadow mode or disabled, or many plans are being made;
    RejectedError: with all that is wrong with the scope.
    """
    account = require_account(work.registry, proposal.account).value
    check_forcible(account)
    faults = tuple(_faults(work.registry, work.pages, account, proposal))
    if faults:
        raise RejectedError("There can be no plan like this.", faults)
    plan = begun(work, new_id, account, proposal)
    work.registry.write(Create(plan))
    machines.start("plan_force", plan.id, payload(work.seller, plan))
    return plan


def begun(work: Work, new_id: NewId, account: Account, proposal: Proposal) -> ForcePlan:
    """The plan as it waits to be made. ConflictError: many plans of the account do."""
    check_room(work.registry, account.id)
    now = work.clock()
    return ForcePlan(
        id=new_id(),
        account=account.id,
        scope=proposal.scope,
        proposed_by=proposal.by,
        proposed_at=now,
        expires_at=now + DEADLINE,
        deadline=now + DEADLINE,
    )


def payload(seller: str, plan: ForcePlan) -> dict[str, Any]:
    """The input of an execution: the same for every start of the same plan."""
    return {"schema": 1, "seller": seller, "account": plan.account, "plan": plan.id}


def check_forcible(account: Account) -> None:
    """UnsupportedError: the channel takes no quantities; ConflictError: the account may not."""
    able = account.capabilities
    if able is None:
        reason = "What the channel can do was not read yet; refresh the account first."
        raise UnsupportedError(reason, _documentation(account))
    if not able.can_push:
        reason = "This account's channel takes no quantities, so it cannot be forced."
        raise UnsupportedError(reason, _documentation(account))
    if account.mode is not Mode.LIVE:
        raise ConflictError(
            "The account is in shadow mode: it is compared, and nothing is pushed. An admin has"
            " to set its mode to live first."
        )
    if not account.enabled:
        raise ConflictError("The account is disabled; enable it first.")


def check_room(registry: Registry, account: str) -> None:
    """ConflictError: so many plans are being made that this one has to wait."""
    latest = registry.list(ForcePlan, account, limit=_LOOKED_AT, newest_first=True).items
    if sum(stored.value.state is PlanState.PLANNING for stored in latest) >= MAX_OPEN:
        raise ConflictError(f"{MAX_OPEN} plans are being made already; wait for one of them.")


def _documentation(account: Account) -> str:
    """The page of the account's channel, as it says itself, else of the connector's kind."""
    if account.capabilities and account.capabilities.documentation:
        return account.capabilities.documentation
    known = (c.documentation for c in CONNECTORS if c.kind == account.channel)
    return next(known, "docs/channels/adding-a-channel.md")


def _faults(
    registry: Registry, pages: PageStore, account: Account, proposal: Proposal
) -> Iterator[Fault]:
    yield from _location_faults(registry, account, proposal.locations)
    if proposal.skus and proposal.filters != NO_FILTERS:
        yield Fault("/skus", "name SKUs or give filters, not both")
    if len(proposal.skus) > MAX_SKUS or sum(map(_bytes, proposal.skus)) > _MAX_SKU_BYTES:
        yield Fault("/skus", f"may be at most {MAX_SKUS}, and not too long; give filters for more")
        return
    listed = _listed(registry, pages, account.id, sorted(set(proposal.skus)))
    for index, sku in enumerate(proposal.skus):
        if sku not in listed:
            yield Fault(f"/skus/{index}", f"{sku} is not listed on this account")


def _bytes(sku: str) -> int:
    return len(sku.encode())


def _location_faults(
    registry: Registry, account: Account, locations: Sequence[str]
) -> Iterator[Fault]:
    if not 1 <= len(set(locations)) <= MAX_LOCATIONS:
        yield Fault("/locations", f"must be 1 to {MAX_LOCATIONS} channel locations")
        return
    known = {place.id for place in account.locations}
    linked = {stored.value.channel_location for stored in all_of(registry, Link, account.id)}
    for index, location in enumerate(locations):
        where = f"/locations/{index}"
        if location not in known:
            yield Fault(where, f"{location} is not a channel location of this account")
        elif location not in linked:
            yield Fault(where, f"no location of yours is linked to {location}")
        elif registry.get(Head, rows_book(account.id, location)) is None:
            yield Fault(where, f"{location} was never compared; generate a run first")


def _listed(
    registry: Registry, pages: PageStore, account: str, skus: Sequence[str]
) -> frozenset[str]:
    """Those of some sorted SKUs that are listed; reads only the pages that they would be in."""
    pinned = pin(registry, listings_book(account)) if skus else None
    if pinned is None:
        return frozenset()
    manifest = load_manifest(pages, pinned.book, pinned.manifest)
    frames = {f.first_key: f for sku in skus for f in manifest.between(sku, sku + BEHIND)}
    one = Manifest.of(LISTINGS.kind, frames.values())
    found = BookReader(pages, pinned.book, LISTINGS, one).scan()
    wanted = frozenset(skus)
    return frozenset(sku for page in found for key in page.keys if (sku := sku_of(key)) in wanted)
