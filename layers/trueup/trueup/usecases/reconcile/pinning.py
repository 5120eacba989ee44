"""What a run pins of stock beside baselines: ledgers, and what holds for each location's source."""

from collections.abc import Sequence
from typing import TypedDict

from trueup.domain.heads import Head, SeenAgain, Version
from trueup.domain.ledger import LedgerDue, LedgerPin
from trueup.domain.runs import BookPin, LocationTerms
from trueup.domain.sources import Domain, Ownership, Provides, Rules, Source, rule_for
from trueup.ports import Ledger, Registry
from trueup.usecases.books import baseline_book, pin_of
from trueup.usecases.ledger.gathering import pin_ledger
from trueup.usecases.reconcile.pushed import pin_pushes
from trueup.usecases.whole import all_of


class StockPins(TypedDict):
    """Fields of `Inputs`."""

    ledgers: dict[str, LedgerPin]
    places: dict[str, LocationTerms]
    feeds: tuple[str, ...]
    pushes: tuple[int, ...]


def pin_stocks(
    registry: Registry, ledger: Ledger, account: str, locations: Sequence[str]
) -> StockPins:
    """As it stands now. A seller without sources and ledgers costs two reads."""
    with_ledger = {stored.value.location for stored in all_of(registry, LedgerDue)}
    mine = [code for code in locations if code in with_ledger]
    sources = {stored.value.code: stored.value for stored in all_of(registry, Source)}
    return StockPins(
        ledgers={code: pin_ledger(registry, ledger, code) for code in mine},
        places=_places(registry, sources, locations) if sources else {},
        feeds=tuple(sorted(s.code for s in sources.values() if s.account == account)),
        pushes=pin_pushes(ledger, account),
    )


def _places(
    registry: Registry, sources: dict[str, Source], locations: Sequence[str]
) -> dict[str, LocationTerms]:
    """The terms of locations that a source owns."""
    rules: Rules = {
        (s.value.domain, s.value.location): s.value for s in all_of(registry, Ownership)
    }
    found = {code: _owner(registry, sources, rules, code) for code in locations}
    return {code: _terms(registry, code, owner) for code, owner in found.items() if owner}


def _owner(
    registry: Registry, sources: dict[str, Source], rules: Rules, location: str
) -> Source | None:
    """Whose movements hold at a location, else whose positions, else who stated the newest."""
    for domain in (Domain.MOVEMENTS, Domain.POSITIONS):
        rule = rule_for(rules, domain, location)
        if rule is not None:
            return sources.get(rule.source)
    head = registry.get(Head, baseline_book(location))
    return sources.get(head.value.source or "") if head else None


def _terms(registry: Registry, location: str, owner: Source) -> LocationTerms:
    snapshots = owner.provides is Provides.SNAPSHOTS
    return LocationTerms(
        settle_seconds=owner.settle_seconds,
        snapshots_only=snapshots,
        max_age_minutes=owner.max_age_minutes if snapshots else None,
        earlier=_earlier(registry, location) if snapshots else None,
    )


def _earlier(registry: Registry, location: str) -> BookPin | None:
    """What was stated before the newest baseline; None: there is nothing any more.

    It may have been the same, of an earlier instant.
    """
    book = baseline_book(location)
    head = registry.get(Head, book)
    known: list[Head] = [
        *(s.value for s in registry.list(Version, book, limit=2, newest_first=True).items),
        *(s.value for s in registry.list(SeenAgain, book, limit=1, newest_first=True).items),
    ]
    before = [one for one in known if head and one.as_of < head.value.as_of]
    newest = max(before, key=lambda one: (one.as_of, one.version), default=None)
    return None if newest is None else pin_of(newest)
