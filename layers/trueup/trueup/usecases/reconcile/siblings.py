"""The same items at other locations of the account: asked only of rows that nothing else explains.

Two locations that are exchanged show each other's quantities. So of another location only what
it shows is read, and its own quantity computed only where it shows what is publishable here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trueup.books.pages import Page, take
from trueup.books.schema import Observed
from trueup.books.segments import SegmentSet
from trueup.domain.keys import BEHIND, sku_of
from trueup.domain.outcomes import GAPS
from trueup.explain.facts import Sibling
from trueup.usecases.joining import Joint
from trueup.usecases.reconcile.explaining import Differing

MAX_OTHERS = 20
"""Other locations that a row is compared with."""

MAX_LOOKED_AT = 1_000
"""Rows of a key range that are compared at another location: each reads a few blocks."""


@dataclass
class Elsewhere:
    """Other channel locations of an account, as a run has fetched them."""

    observed: SegmentSet
    places: Sequence[str]
    joint_of: Callable[[str], Joint]
    _joints: dict[str, Joint] = field(default_factory=dict)
    _looked_at: int = 0

    def of(self, rows: Sequence[Differing]) -> Mapping[str, tuple[Sibling, ...]]:
        """Of some rows those that may be exchanged with theirs, by row key."""
        publishable = {row.key: row.values["publishable"] for row in rows}
        skus = sorted({sku_of(row.key) for row in rows})
        found: dict[str, list[Sibling]] = defaultdict(list)
        for place in self.places[:MAX_OTHERS]:
            seen = self.observed.of_skus(place, skus)
            for i in _showing(seen, publishable):
                self._add(found, place, seen, i)
        return {key: tuple(siblings) for key, siblings in found.items()}

    def _add(self, found: dict[str, list[Sibling]], place: str, seen: Page, i: int) -> None:
        if self._looked_at >= MAX_LOOKED_AT:
            return
        self._looked_at += 1
        key = seen.keys[i]
        for sibling in self._compared(place, key, take(seen, _same_sku(seen, i))):
            found[key].append(sibling)

    def _compared(self, place: str, key: str, seen: Page) -> Iterable[Sibling]:
        joint = self._joints.get(place) or self._joints.setdefault(place, self.joint_of(place))
        sku = sku_of(key)
        for page, _, _ in joint.rows(iter([seen]), sku, sku + BEHIND):
            for row in page.rows():
                if row["key"] == key and row["reason"] in GAPS:
                    yield Sibling(place, row["publishable"], row["reported"])


def _showing(seen: Page, publishable: Mapping[str, int]) -> list[int]:
    """Rows that show what is publishable here."""
    reported, unknown = seen.ints["reported"], seen.ints["unknown"]
    return [
        i
        for i, key in enumerate(seen.keys)
        if publishable.get(key) == reported[i] and not unknown[i] & Observed.NO_QUANTITY
    ]


def _same_sku(seen: Page, i: int) -> list[int]:
    sku, first, last = sku_of(seen.keys[i]), i, i
    while first and sku_of(seen.keys[first - 1]) == sku:
        first -= 1
    while last + 1 < len(seen) and sku_of(seen.keys[last + 1]) == sku:
        last += 1
    return list(range(first, last + 1))
