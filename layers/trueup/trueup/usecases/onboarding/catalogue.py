"""The SKUs and GTINs a seller is known to have: from baselines and other accounts' listings."""

import re
from collections.abc import Collection, Iterator, Sequence

from trueup.books.reader import BookReader
from trueup.books.schema import ALIASES, BASELINE, LISTINGS, BookSchema
from trueup.domain.accounts import Account, Location
from trueup.domain.keys import sku_of
from trueup.usecases.books import aliases_book, baseline_book, listings_book, open_book, pin
from trueup.usecases.onboarding.unlisted import Onboarding
from trueup.usecases.whole import all_of

_GTIN = re.compile(r"\d{8}|\d{12,14}", re.ASCII)


def gtin_of(*texts: str) -> int | None:
    """The first text that is a GTIN, as a number: all lengths of one GTIN are the same number."""
    found = next((text for text in texts if _GTIN.fullmatch(text)), None)
    return int(found) if found and int(found) else None


class Catalogue:
    """What an account's unlisted items are matched with."""

    def __init__(self, ports: Onboarding, account: str) -> None:
        self._ports = ports
        self._baselines = [
            reader
            for stored in all_of(ports.registry, Location)
            if (reader := self._open(baseline_book(stored.value.code), BASELINE))
        ]
        self._others = [
            reader
            for stored in all_of(ports.registry, Account)
            if stored.value.id != account
            and (reader := self._open(listings_book(stored.value.id), LISTINGS))
        ]
        self._own = self._open(listings_book(account), LISTINGS)
        self._aliases = self._open(aliases_book(account), ALIASES)

    def _open(self, book: str, schema: BookSchema) -> BookReader | None:
        pinned = pin(self._ports.registry, book)
        return None if pinned is None else open_book(self._ports.pages, pinned, schema)

    def known_skus(self, codes: Sequence[str]) -> set[str]:
        """Those of some sorted codes that are SKUs of the seller's."""
        found: set[str] = set()
        for reader in self._baselines:
            found.update(reader.get(codes))
        for reader in self._others:
            found.update(_listed(reader, codes))
        return found

    def listed_skus(self, skus: Sequence[str]) -> set[str]:
        """Those of some sorted SKUs that the account lists already."""
        return _listed(self._own, skus)

    def taken(self, codes: Sequence[str]) -> set[str]:
        """Those of some sorted channel codes that a listing of the account names by now."""
        own = set(self._own.get(codes)) if self._own else set()
        return own | (set(self._aliases.get(codes)) if self._aliases else set())

    def skus_by_gtin(self, wanted: Collection[int]) -> dict[int, str]:
        """The SKU of each GTIN in other accounts' listings; "" where several SKUs have it."""
        found: dict[int, str] = {}
        if not wanted:
            return found
        for gtin, sku in self._gtins():
            if gtin in wanted and found.setdefault(gtin, sku) != sku:
                found[gtin] = ""
        return found

    def _gtins(self) -> Iterator[tuple[int, str]]:
        """Kits and packs share a GTIN with nothing: only single units say which SKU it is."""
        for reader in self._others:
            for page in reader.scan():
                sizes, kits = page.ints["pack_size"], page.texts["components"]
                for i, text in enumerate(page.texts["gtin"]):
                    gtin = gtin_of(text)
                    if gtin and sizes[i] == 1 and not kits[i]:
                        yield gtin, sku_of(page.keys[i])


def _listed(reader: BookReader | None, skus: Sequence[str]) -> set[str]:
    if reader is None or not skus:
        return set()
    found: set[str] = set()
    for page in reader.scan(skus[0], skus[-1] + "\x01"):
        found.update(map(sku_of, page.keys))
    return found.intersection(skus)
