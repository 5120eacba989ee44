"""Counts, units and value of some rows.

Each row is counted once as matching, differing, stale, unknown, not listed or not on the channel;
which of the differing ones are explained is found out later. Units and value are of differing
rows, so that they are the sums of what a list of differences shows; what is within the tolerance
counts as matching and has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trueup.books.schema import Unset
from trueup.compare.classify import Verdicts
from trueup.compare.columns import Bools, Chunk, Ints
from trueup.domain.outcomes import Reason
from trueup.domain.runs import Tally

_UNKNOWN = (
    Reason.POSITION_UNKNOWN,
    Reason.COMPONENT_UNKNOWN,
    Reason.QUANTITY_UNKNOWN,
    Reason.OUT_OF_RANGE,
)
_EXACT = 2**62


def tally_of(verdicts: Verdicts, listings: Chunk, *, unlisted: int, unlisted_skus: int) -> Tally:
    """The tally of listings' rows, and of `unlisted` ones, which have no price and no gap."""
    counts = np.bincount(verdicts.ints["reason"], minlength=len(Reason)).tolist()
    rows = np.flatnonzero(verdicts.ints["reason"] == Reason.DIFFERS)
    gap, publishable = verdicts.gap[rows], verdicts.ints["publishable"][rows]
    over, under = np.maximum(-gap, 0), np.maximum(gap, 0)
    prices = _Prices.of(listings, rows)
    return Tally(
        rows=len(listings) + unlisted,
        matching=counts[Reason.MATCHES] + counts[Reason.WITHIN_TOLERANCE],
        differing=counts[Reason.DIFFERS],
        units_over=exact_sum(over),
        units_under=exact_sum(under),
        oversold_rows=int(np.count_nonzero((over > 0) & (publishable == 0))),
        unknown=sum(counts[reason] for reason in _UNKNOWN),
        not_listed=unlisted,
        not_on_channel=counts[Reason.NOT_ON_CHANNEL],
        stale=counts[Reason.STALE],
        value_over=prices.value(over),
        value_under=prices.value(under),
        unvalued=prices.missing(),
        unlisted_skus=unlisted_skus,
    )


def exact_sum(column: Ints) -> int:
    """The sum, however large."""
    return exact_product(column, np.ones(len(column), np.int64))


def exact_product(one: Ints, two: Ints) -> int:
    """The sum of products of columns without negative values, however large."""
    if not one.size:
        return 0
    if int(one.max()) * int(two.max()) * one.size < _EXACT:
        return int(one @ two)
    return sum(a * b for a, b in zip(one.tolist(), two.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Prices:
    """What a channel unit of some rows sells at. `priced`: there is a price and a currency."""

    minor_units: Ints
    priced: Bools
    of_currency: dict[str, Bools]

    @classmethod
    def of(cls, listings: Chunk, rows: Ints) -> "_Prices":
        texts = listings.texts["currency"]
        texts = texts if len(rows) == len(texts) else [texts[i] for i in rows.tolist()]
        priced = (listings.ints["unset"][rows] & Unset.PRICE) == 0
        currencies = {currency: _equal(texts, currency) & priced for currency in set(texts)}
        currencies.pop("", None)
        some = np.logical_or.reduce([np.zeros(len(rows), np.bool_), *currencies.values()])
        return cls(listings.ints["price"][rows], some, currencies)

    def value(self, units: Ints) -> dict[str, int]:
        """Minor units by currency; a currency of which no row counts is left out."""
        counted = {c: (units > 0) & of_it for c, of_it in sorted(self.of_currency.items())}
        return {
            currency: exact_product(units[rows], self.minor_units[rows])
            for currency, rows in counted.items()
            if rows.any()
        }

    def missing(self) -> int:
        return int(np.count_nonzero(~self.priced))


def _equal(texts: Sequence[str], text: str) -> Bools:
    if texts.count(text) == len(texts):
        return np.ones(len(texts), np.bool_)
    return np.fromiter(map(text.__eq__, texts), np.bool_, len(texts))
