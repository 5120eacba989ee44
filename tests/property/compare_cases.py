"""Accounts at one location, small, to compare: listings, baselines of a pool, observations.

Most SKUs are in all of them with small, known quantities, so that most rows can be compared and
many differ. What is nasty (huge, unknown, missing on a side) is in the minority, but there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import strategies as st

from trueup.books.schema import Unknown
from trueup.compare.join import LinkTerms
from trueup.domain.keys import listing_key
from trueup.domain.tolerances import Limit, Limits, Tolerances

Row = dict[str, Any]
Rows = dict[str, Row]

CODES = ("A", "AA", "A ", "B", "B1", "C", "É", "Z", "😀", "0", "00", "10")
SKUS = st.sampled_from(CODES)
THESE = st.sampled_from([CODES] * 12 + [CODES[:1], ()])
"""SKUs that an input is about: it may also be all but empty."""


@dataclass(frozen=True)
class Pool:
    share: int
    rows: Rows
    complete: bool

    def get(self, keys: Sequence[str]) -> Mapping[str, Row]:
        return {key: self.rows[key] for key in keys if key in self.rows}


@dataclass(frozen=True)
class Case:
    listings: Rows
    pools: list[Pool]
    observations: Rows
    terms: LinkTerms


LARGE = st.sampled_from([2**31, 2**53 - 1, 2**53, 2**63 - 1])
SIGNED_LARGE = st.one_of(st.integers(-9, -1), LARGE, LARGE.map(int.__neg__))
FEW = st.integers(0, 2)
"""What is taken off, kept back or added: little beside what is there."""

SEVERAL = st.integers(0, 12)
BITS = {
    "on_hand": Unknown.ON_HAND,
    "committed": Unknown.COMMITTED,
    "damaged": Unknown.DAMAGED,
    "on_hold": Unknown.ON_HOLD,
}
NASTY_POSITIONS = [*BITS, *(f"unknown {name}" for name in BITS), "stated", "stated", "large stated"]


def odd_one(names: Sequence[str], times: int) -> st.SearchStrategy[str]:
    """What is odd about a row: "" mostly, that is `times` as often as each of the names."""
    return st.sampled_from([""] * times + list(names))


@st.composite
def listing_rows(draw: st.DrawFn) -> Rows:
    rows: Rows = {}
    for sku in draw(THESE):
        odd = draw(odd_one(["absent", "several"], 8))
        codes = draw(st.lists(SKUS, max_size=3, unique=True)) if odd == "several" else [sku]
        for code in codes if odd != "absent" else []:
            rows[listing_key(sku, code)] = draw(listing_row())
    return dict(sorted(rows.items()))


@st.composite
def listing_row(draw: st.DrawFn) -> Row:
    part = st.tuples(SKUS, st.integers(1, 3))
    odd = draw(odd_one(["buffer", "cap", "backorder", "price", "pack_size", "kit", "kit"], 25))
    parts = draw(st.lists(part, min_size=1, max_size=2)) if odd == "kit" else []
    row: Row = {
        "pack_size": draw(st.sampled_from([1, 1, 2, 3])),
        "buffer": draw(FEW),
        "cap": draw(st.integers(0, 6)),
        "backorder": draw(FEW),
        "cost": 0,
        "price": draw(SEVERAL),
        "unset": draw(st.integers(0, 15)),
        "components": msgspec.json.encode(parts).decode() if parts else "",
        "currency": draw(st.sampled_from(["", "EUR", "EUR", "USD"])),
        "title": "Café",
    }
    if odd in row:
        row[odd] = 1_000_000 if odd == "pack_size" else draw(LARGE)
    return row


@st.composite
def baseline_rows(draw: st.DrawFn) -> Rows:
    absent = draw(st.sets(SKUS, max_size=2))
    return {sku: draw(baseline_row()) for sku in sorted(draw(THESE)) if sku not in absent}


@st.composite
def baseline_row(draw: st.DrawFn) -> Row:
    """What is unknown is stored as 0. Most sources do not state sellable."""
    row: Row = {name: draw(FEW) for name in BITS} | {"on_hand": draw(SEVERAL)}
    row |= {"stated": 0, "unknown": Unknown.STATED}
    odd = draw(odd_one(NASTY_POSITIONS, 30))
    _, _, name = odd.rpartition(" ")
    if name == "stated" or (odd != name and draw(st.booleans())):
        row |= {"stated": draw(SIGNED_LARGE if odd == "large stated" else SEVERAL), "unknown": 0}
    if odd in BITS:
        row[odd] = draw(LARGE)
    elif name in BITS:
        row |= {name: 0, "unknown": row["unknown"] | BITS[name]}
    return row


@st.composite
def observed_rows(draw: st.DrawFn, listings: Rows) -> Rows:
    """Of most listings; and, for some, of what may have none."""
    absent, strays = draw(st.sets(SKUS, max_size=2)), draw(st.sets(SKUS, max_size=2))
    seen = () if draw(odd_one(["none"], 12)) else listings.keys()
    keys = (set(seen) - absent) | strays
    return {key: draw(observed_row()) for key in sorted(keys)}


@st.composite
def observed_row(draw: st.DrawFn) -> Row:
    odd = draw(odd_one(["unknown", "reported", "allocated"], 27))
    return {
        "reported": 0 if odd == "unknown" else draw(SIGNED_LARGE if odd == "reported" else SEVERAL),
        "allocated": draw(LARGE if odd == "allocated" else FEW),
        "unknown": int(odd == "unknown"),
        "captured_at": draw(st.sampled_from([9, 9, 9, 4])),
    }


LIMIT = st.builds(Limit, absolute=st.sampled_from([0, 0, 2]), percent=st.sampled_from([0, 30]))
LIMITS = st.builds(Limits, LIMIT, LIMIT)
TOLERANCES = st.builds(Tolerances, LIMITS, st.dictionaries(SKUS, LIMITS, max_size=2))
POOL = st.builds(Pool, st.sampled_from([100, 100, 50, 33, 1]), baseline_rows(), st.booleans())
TERMS = st.builds(
    LinkTerms,
    buffer=st.sampled_from([0, 0, 3]),
    allocation=st.sampled_from([100, 100, 50]),
    tolerance=st.one_of(st.just(Tolerances()), TOLERANCES),
    on_hand_channel=st.booleans(),
    complete=st.booleans(),
    oldest=st.sampled_from([None, None, None, 5]),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    listings = draw(listing_rows())
    pools = [draw(POOL) for _ in range(draw(st.sampled_from([1, 1, 1, 2, 2, 3, 0])))]
    return Case(listings, pools, draw(observed_rows(listings)), draw(TERMS))
