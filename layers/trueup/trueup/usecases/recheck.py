"""Comparing some rows again now, between runs: what the channel shows of a few SKUs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trueup.books.pages import Page
from trueup.books.schema import LISTINGS
from trueup.domain.accounts import Account, Link
from trueup.domain.errors import ConflictError, Fault, NotFoundError, RejectedError
from trueup.domain.keys import channel_key_of, sku_of
from trueup.domain.overlays import Overlay
from trueup.domain.runs import Head, Inputs
from trueup.usecases.books import open_book, rows_book
from trueup.usecases.chosen import lay_compared, look
from trueup.usecases.overlays import overlays_of
from trueup.usecases.reconcile.opening import pin_inputs
from trueup.usecases.runs import require_account
from trueup.usecases.work import Work

MAX_SKUS = 50
MAX_OVERLAYS = 1_000
"""Of one location: a run folds them in; more than these are a run's work."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """The overlays that now stand for the SKUs, by row key."""

    rows: dict[str, Overlay]


def recheck(
    work: Work, *, account: str, location: str, skus: Sequence[str], requested_by: str
) -> Rechecked:
    """Ask the channel for these SKUs at one location, and lay the result over the last run's rows.

    NotFoundError: no such account or linked location; ConflictError: it was never compared;
    RejectedError: nothing of this is listed, or the channel cannot be read; RetryLaterError: it
    asks for a pause.
    """
    owner = require_account(work.registry, account).value
    link = _link(work, owner, location)
    inputs = pin_inputs(work.registry, work.ledger, owner, location)
    keys = _listed(work, inputs, skus)
    seen = look(work, owner, location, sorted({channel_key_of(key) for key in keys}))
    laid = lay_compared(work, inputs, link, keys, seen, requested_by)
    standing = overlays_of(work.registry, account, location)
    return Rechecked({key: standing[key] for key in laid if key in standing})


def _link(work: Work, account: Account, location: str) -> Link:
    link = work.registry.get(Link, account.id, location)
    if link is None:
        raise NotFoundError(f"No location of yours is linked to {location}.")
    if work.registry.get(Head, rows_book(account.id, location)) is None:
        raise ConflictError("This location was never compared; generate a run first.")
    if len(overlays_of(work.registry, account.id, location)) >= MAX_OVERLAYS:
        raise ConflictError("Many rows were checked again since the last run; generate a new one.")
    return link.value


def _listed(work: Work, inputs: Inputs, skus: Sequence[str]) -> list[str]:
    """The keys of these SKUs' listings, sorted."""
    if inputs.listings is None:
        raise RejectedError("This account has no listings yet.")
    reader = open_book(work.pages, inputs.listings, LISTINGS)
    found = {sku: _keys_of(reader.scan(*_range_of(sku)), sku) for sku in sorted(set(skus))}
    faults = [Fault("skus", f"{sku} is not listed here") for sku, keys in found.items() if not keys]
    if faults:
        raise RejectedError("Some SKUs are not listed on this account.", tuple(faults))
    return sorted(key for keys in found.values() for key in keys)


def _keys_of(pages: Iterator[Page], sku: str) -> list[str]:
    return [key for page in pages for key in page.keys if sku_of(key) == sku]


def _range_of(sku: str) -> tuple[str, str]:
    """From the first key of a SKU to before the next SKU: U+0001 follows the separator."""
    return sku, sku + "\x01"
