"""The first step: pin what is to be compared, so that nothing moves under the run."""

from dataclasses import dataclass
from datetime import datetime

from trueup.domain.accounts import Account, Link, Location
from trueup.domain.errors import RetryLaterError
from trueup.domain.runs import BookPin, Fetch, Inputs, Progress, Run, RunState
from trueup.domain.tolerances import Tolerance
from trueup.ports import Create, Ledger, Registry, Replace
from trueup.usecases import books
from trueup.usecases.reconcile.job import Job, begin_step, run_of
from trueup.usecases.reconcile.pinning import pin_stocks
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of
from trueup.usecases.work import Work

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """`proceed`, or `ended` where a retry finds that the run has come to its end already."""

    state: str


def open_run(work: Work, job: Job) -> Opened:
    """Pin listings, baselines, links and terms. Doing it twice pins only once."""
    if run_of(work, job).value.state.final:
        return Opened("ended")
    run = begin_step(work, job)
    if run.value.state is RunState.RUNNING:
        return Opened("proceed")
    account = require_account(work.registry, job.account).value
    inputs = pin_inputs(work.registry, work.ledger, account)
    opened = _opened(run.value, inputs, work.clock())
    work.registry.write(
        Replace(opened, run.version), Create(Fetch(run=job.run, account=job.account))
    )
    return Opened("proceed")


def _opened(run: Run, inputs: Inputs, now: datetime) -> Run:
    changes = {
        "state": RunState.RUNNING,
        "started_at": now,
        "inputs": inputs,
        "progress": Progress(phase="fetching"),
    }
    return run.model_copy(update=changes)


def pin_inputs(
    registry: Registry, ledger: Ledger, account: Account, place: str | None = None
) -> Inputs:
    """Everything an account is compared with, as it stands now; ledgers of one `place` alone."""
    links = tuple(stored.value for stored in all_of(registry, Link, account.id))
    listings, aliases = _listings(registry, account.id)
    return Inputs(
        links=links,
        buffers={link.channel_location: _buffer(registry, account, link) for link in links},
        allocation=account.allocation,
        tolerance=account.tolerance,
        tolerances=tuple(stored.value for stored in all_of(registry, Tolerance, account.id)),
        max_report_age_minutes=account.max_report_age_minutes,
        reports_on_hand=account.capabilities is not None
        and account.capabilities.reports == "on_hand",
        listings=listings,
        aliases=aliases,
        baselines=_baselines(registry, links),
        settle_seconds=account.capabilities.settle_seconds if account.capabilities else 0,
        **pin_stocks(registry, ledger, account.id, _locations(_at(links, place))),
    )


def _listings(registry: Registry, account: str) -> tuple[BookPin | None, BookPin | None]:
    """Listings and their aliases, of the same version: an import moves both in one step."""
    for _ in range(_ATTEMPTS):
        listings = books.pin(registry, books.listings_book(account))
        aliases = books.pin(registry, books.aliases_book(account))
        if listings is None or aliases is None or listings.version == aliases.version:
            return listings, aliases
    raise RetryLaterError("The listings are being changed; try again.", 1)


def _buffer(registry: Registry, account: Account, link: Link) -> int:
    """Link over location over account; a pool of several locations takes the account's."""
    if link.buffer is not None:
        return link.buffer
    if len(link.members) == 1:
        location = registry.get(Location, link.members[0].location)
        if location is not None and location.value.buffer is not None:
            return location.value.buffer
    return account.buffer


def _baselines(registry: Registry, links: tuple[Link, ...]) -> dict[str, BookPin]:
    pins = {code: books.pin(registry, books.baseline_book(code)) for code in _locations(links)}
    return {code: pinned for code, pinned in pins.items() if pinned is not None}


def _at(links: tuple[Link, ...], place: str | None) -> tuple[Link, ...]:
    return tuple(link for link in links if place in (None, link.channel_location))


def _locations(links: tuple[Link, ...]) -> list[str]:
    return sorted({member.location for link in links for member in link.members})
