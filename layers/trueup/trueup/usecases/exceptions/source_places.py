"""The seller's own locations whose sources state another position than the ledger expects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from trueup.domain.runs import Head, Version
from trueup.domain.variances import VarianceRun
from trueup.ports import Registry
from trueup.usecases.exceptions.visible import Place
from trueup.usecases.variances.telling import variances_book
from trueup.usecases.whole import all_of

_LOOKED_AT = 50
"""Statements that are looked through for the latest one of a whole location."""


@dataclass(frozen=True)
class SourcePlace(Place):
    """A location by the latest statement of all of it; `account` is ""."""

    first_seen: Mapping[str, datetime] = field(default_factory=dict)


def source_places(registry: Registry, location: str | None = None) -> list[SourcePlace]:
    """Those of the seller's locations of which all was stated and something was expected."""
    if location is not None:
        heads = [registry.get(Head, variances_book(location))]
        books = [stored.value.book for stored in heads if stored is not None]
    else:
        found = (stored.value.book for stored in all_of(registry, Head))
        books = [book for book in found if book.startswith(variances_book(""))]
    places = (source_place(registry, book.removeprefix(variances_book(""))) for book in books)
    return [place for place in places if place is not None]


def source_place(registry: Registry, location: str) -> SourcePlace | None:
    """None: nothing was expected of the latest statement, or none was of the whole location."""
    listed = registry.list(VarianceRun, location, limit=_LOOKED_AT, newest_first=True)
    run = next((stored.value for stored in listed.items if stored.value.whole), None)
    if run is None or run.none is not None:
        return None
    version = registry.get(Version, variances_book(location), f"{run.version:012d}")
    if version is None:
        return None
    return SourcePlace("", location, version.value, None, run.groups, run.first_seen)
