"""Since when a row does not match: the captures before and at the divergence, and what moved."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from trueup.books.manifest import load_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import LISTINGS, ROWS
from trueup.domain.accounts import Link
from trueup.domain.errors import NotFoundError
from trueup.domain.keys import is_unlisted, sku_of
from trueup.domain.movements import Movement
from trueup.domain.overlays import Overlay
from trueup.domain.runs import Version
from trueup.domain.time import from_milliseconds
from trueup.ports import Ledger, PageStore, Registry
from trueup.usecases.books import open_book
from trueup.usecases.ledger.checkpoints import Asked, pin_ledger
from trueup.usecases.ledger.gathering import gather_sku
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.history import source_of
from trueup.usecases.rows.sources import Source, visible_sources
from trueup.usecases.rows.view import RowView, row_view
from trueup.usecases.rows.why import cause_word

MAX_MOVEMENTS = 200
"""Of one divergence; the latest ones are told."""

Values = Mapping[str, Any]
_recipe = msgspec.json.Decoder(list[tuple[str, int]]).decode


@dataclass(frozen=True, slots=True)
class Capture:
    """A row as it was then. `row` None: that version is no longer kept."""

    at: datetime
    version: int | None
    row: RowView | None


@dataclass(frozen=True, slots=True)
class Divergence:
    """One row that does not match now.

    `agreed` None: no capture is known at which it matched. `movements`: of its SKU, or its
    components, after that capture and up to the first that did not match; `left_out` of them are
    not told.
    """

    row: RowView
    agreed: Capture | None
    diverged: Capture | None
    movements: tuple[Movement, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class Rows:
    """What divergences are read from.

    Of the versions of a row it reads the two of the divergence, and the visible one's sheet.
    """

    registry: Registry
    pages: PageStore
    ledger: Ledger

    def divergences(self, account: str, location: str, sku: str) -> list[Divergence]:
        """Of each listing of a SKU that does not match. NotFoundError: it was never compared."""
        chosen = Filters(account=account, locations=(location,))
        sources = visible_sources(self.registry, chosen)
        if not sources:
            raise NotFoundError("This location was never compared.")
        source = sources[0]
        found = dict(self._present(source, sku))
        listings = self._listings(source, list(found))
        return [
            self._divergence(source, values, overlay, listings.get(key))
            for key, (values, overlay) in sorted(found.items())
        ]

    def _present(
        self, source: Source, sku: str
    ) -> Iterator[tuple[str, tuple[dict[str, Any], Overlay | None]]]:
        """The SKU's rows that do not match, as they are seen now."""
        manifest = load_manifest(self.pages, source.book, source.version.manifest)
        reader = BookReader(self.pages, source.book, ROWS, manifest)
        for page in reader.differing(sku, sku + "\x01"):
            for values in page.rows():
                if values["key"] not in source.overlays:
                    yield values["key"], (values, None)
        for key, overlay in source.overlays.items():
            if sku_of(key) == sku and cause_word(overlay.row) is not None:
                yield key, (overlay.row, overlay)

    def _listings(self, source: Source, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        listed = sorted(key for key in keys if not is_unlisted(key))
        if source.listings is None or not listed:
            return {}
        return open_book(self.pages, source.listings, LISTINGS).get(listed)

    def _divergence(
        self,
        source: Source,
        values: dict[str, Any],
        overlay: Overlay | None,
        listing: dict[str, Any] | None,
    ) -> Divergence:
        row = row_view(source, values, listing, overlay)
        agreed = self._capture(source, values, "agreed", listing)
        if not values.get("diverged_at"):
            return Divergence(row, agreed, None)
        if values["diverged_version"] in (0, source.version.version):
            at = from_milliseconds(values["diverged_at"])
            diverged: Capture | None = Capture(at, values["diverged_version"] or None, row)
        else:
            diverged = self._capture(source, values, "diverged", listing)
        moved = self._moved(source, values, listing)
        told = tuple(moved[-MAX_MOVEMENTS:])
        return Divergence(row, agreed, diverged, told, len(moved) - len(told))

    def _capture(
        self, source: Source, values: Values, name: str, listing: dict[str, Any] | None
    ) -> Capture | None:
        """The row in an earlier version."""
        number, at = values.get(f"{name}_version", 0), values.get(f"{name}_at", 0)
        if not number:
            return None
        version = self.registry.get(Version, source.book, f"{number:012d}")
        found = version and self._stored(version.value, values["key"], differs=name == "diverged")
        if not version or not found:
            return Capture(from_milliseconds(at), number, None)
        then = source_of(self.registry, source.account, source.place.id, version.value)
        return Capture(from_milliseconds(at), number, row_view(then, found, listing))

    def _stored(self, version: Version, key: str, *, differs: bool) -> dict[str, Any] | None:
        manifest = load_manifest(self.pages, version.book, version.manifest)
        reader = BookReader(self.pages, version.book, ROWS, manifest)
        return (reader.get_differing([key]) if differs else reader.get([key])).get(key)

    def _moved(
        self, source: Source, values: Values, listing: Mapping[str, Any] | None
    ) -> list[Movement]:
        """What happened between the two captures, in its order."""
        after, until = values.get("agreed_at", 0), values["diverged_at"]
        if not after:
            return []
        moved = [
            movement
            for location in self._members(source)
            for movement in self._since(location, _skus(values["key"], listing), after)
            if after < movement.occurred_at <= until
        ]
        return sorted(moved, key=lambda movement: movement.order)

    def _since(self, location: str, skus: Sequence[str], after: int) -> Iterator[Movement]:
        pin = pin_ledger(self.registry, self.ledger, location, Asked(at=after))
        for sku in skus:
            yield from gather_sku(self.ledger, pin, sku)

    def _members(self, source: Source) -> list[str]:
        """The locations that feed the channel's; as its run pinned them."""
        links: Sequence[Link] = source.run.inputs.links if source.run else ()
        mine = (link for link in links if link.channel_location == source.place.id)
        return [member.location for link in mine for member in link.members]


def _skus(key: str, listing: Mapping[str, Any] | None) -> list[str]:
    """The SKU, or a kit's components."""
    components = listing["components"] if listing else ""
    return [sku for sku, _ in _recipe(components)] if components else [sku_of(key)]
