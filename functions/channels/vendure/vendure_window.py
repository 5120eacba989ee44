"""Reads the shop's variants in windows that overlap, so that a list that shifts is noticed.

Vendure pages by skip and take. Where a variant is made or deleted meanwhile, later ones move, and
plain pages would miss or repeat one. So a window begins at the last variant already given, and
ends with one that the next window gives: SKUs of one fold are never parted by a window's edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vendure_api import Api
from vendure_keys import fold, keyed
from vendure_types import VARIANTS, Variant, VariantData

NEIGHBOURS = 2
"""Variants of a window that only show where it begins and ends."""


class ShiftedError(Exception):
    """What was given before this window is no longer what the shop's list begins with."""


@dataclass(frozen=True, slots=True)
class Window:
    """Variants with their keys from position `at`; `total` variants in the list; `is_last`."""

    variants: tuple[tuple[str, Variant], ...]
    total: int
    is_last: bool


def read_window(api: Api, criteria: dict[str, Any], at: int, last: str | None, take: int) -> Window:
    """The window from position `at`, of at most `take` variants with neighbours.

    `last` is the fold of the variant before `at`. Raises ShiftedError and what `Api.ask` raises.
    """
    skip = max(0, at - 1)
    options = {**criteria, "skip": skip, "take": take, "sort": {"sku": "ASC"}}
    found = api.ask(VARIANTS, VariantData, options=options).product_variants
    items, before = _without_overlap(found.items, at, last)
    is_last = skip + len(found.items) >= found.total_items
    given = items if is_last else _whole_groups(items)
    after = fold(items[len(given)].sku) if len(given) < len(items) else None
    return Window(tuple(keyed(given, before, after)), found.total_items, is_last)


def _without_overlap(
    items: Sequence[Variant], at: int, last: str | None
) -> tuple[Sequence[Variant], str | None]:
    if at == 0:
        return items, None
    if not items or fold(items[0].sku) != last:
        raise ShiftedError
    return items[1:], last


def _whole_groups(items: Sequence[Variant]) -> Sequence[Variant]:
    """Without the last group of one fold, unless there is no other."""
    if not items:
        raise ShiftedError  # the list says that it goes on, and gives nothing
    folds = [fold(item.sku) for item in items]
    whole = len(items)
    while whole > 0 and folds[whole - 1] == folds[-1]:
        whole -= 1
    return items[: whole or len(items)]
