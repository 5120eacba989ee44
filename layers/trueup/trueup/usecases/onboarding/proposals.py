"""Listings that would fit: unlisted items of a channel whose code or GTIN is exactly one SKU's."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from trueup.usecases.onboarding.catalogue import Catalogue, gtin_of
from trueup.usecases.onboarding.unlisted import Onboarding, Unlisted, unlisted_items
from trueup.usecases.runs import require_account

CHUNK = 5_000
"""Items that are matched at once: bounds memory. Each chunk with open GTINs reads all GTINs."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """List this SKU as that item of the channel; `by` says what they have in common."""

    item: Unlisted
    sku: str
    by: Literal["sku", "gtin"]


def proposals(
    ports: Onboarding, account: str, start: str = "", chunk: int = CHUNK
) -> Iterator[Proposal]:
    """Proposals for items from a channel code on, in the order of their codes.

    A code that is a SKU proposes that SKU. Otherwise a GTIN proposes the SKU that has it, if no
    other item and no other SKU has the same. SKUs that are listed already are not proposed.
    """
    require_account(ports.registry, account)
    catalogue = Catalogue(ports, account)
    repeated = _RepeatedGtins(unlisted_items(ports, account))
    items = unlisted_items(ports, account, start)
    while some := list(islice(items, chunk)):
        yield from _matched(catalogue, repeated, some)


def _matched(
    catalogue: Catalogue, repeated: "_RepeatedGtins", items: Sequence[Unlisted]
) -> Iterator[Proposal]:
    codes = [item.key for item in items]
    taken, skus = catalogue.taken(codes), catalogue.known_skus(codes)
    open_items = [item for item in items if item.key not in taken]
    by_gtin = _by_gtin(catalogue, repeated, [i for i in open_items if i.key not in skus])
    wanted = sorted({*skus, *by_gtin.values()})
    listed = catalogue.listed_skus(wanted)
    for item in open_items:
        sku = item.key if item.key in skus else by_gtin.get(item.key, "")
        if sku and sku not in listed:
            yield Proposal(item, sku, "sku" if sku == item.key else "gtin")


def _by_gtin(
    catalogue: Catalogue, repeated: "_RepeatedGtins", items: Iterable[Unlisted]
) -> dict[str, str]:
    """SKU by channel code, for items whose GTIN belongs to one item and to one SKU only.

    A SKU that is itself a code of the channel's belongs to that item.
    """
    gtins = {item.key: gtin for item in items if (gtin := item_gtin(item)) and gtin not in repeated}
    skus = catalogue.skus_by_gtin(set(gtins.values()))
    found = {key: skus[gtin] for key, gtin in gtins.items() if skus.get(gtin)}
    return {key: sku for key, sku in found.items() if not repeated.is_code(sku)}


def item_gtin(item: Unlisted) -> int | None:
    return gtin_of(item.gtin, item.key)


class _RepeatedGtins:
    """Which GTINs several items of the channel have: 8 bytes an item, made on first use."""

    def __init__(self, items: Iterator[Unlisted]) -> None:
        self._items = items
        self._sorted: array[int] | None = None
        self._codes: array[int] = array("q")

    def __contains__(self, gtin: int) -> bool:
        known = self._known()
        at = bisect_left(known, gtin)
        return at + 1 < len(known) and known[at + 1] == gtin

    def is_code(self, text: str) -> bool:
        """Whether an item of the channel (probably, by its hash) has this code."""
        self._known()
        wanted = hash(text)
        at = bisect_left(self._codes, wanted)
        return at < len(self._codes) and self._codes[at] == wanted

    def _known(self) -> "array[int]":
        if self._sorted is None:
            gtins: array[int] = array("q")
            codes: array[int] = array("q")
            for item in self._items:
                gtins.append(item_gtin(item) or 0)
                codes.append(hash(item.key))
            self._sorted = array("q", sorted(gtins))
            self._codes = array("q", sorted(codes))
        return self._sorted
