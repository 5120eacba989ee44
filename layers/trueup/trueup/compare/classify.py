"""What `domain.stock` and `domain.outcomes` say of one row, for whole columns at once.

A property test holds both together. Where a quantity is too large to be counted exactly
(`domain.stock.MAX_QUANTITY`), the row says OUT_OF_RANGE and stores 0 as unknown: nothing wraps.

A row's reason is the first that applies of: NOT_LISTED, NOT_ON_CHANNEL, OUT_OF_RANGE,
POSITION_UNKNOWN or COMPONENT_UNKNOWN, QUANTITY_UNKNOWN, STALE, and then by the gap.
"""

from dataclasses import dataclass

import numpy as np

from trueup.books.schema import Observed, RowUnknown, Unset
from trueup.compare.columns import Bools, Chunk, Ints, too_large
from trueup.compare.locate import Match
from trueup.compare.pools import QUANTITIES, Stock
from trueup.compare.tolerating import Allowance
from trueup.domain.outcomes import Reason
from trueup.domain.tolerances import NO_TOLERANCES, Tolerances

LISTING_INTS = ("pack_size", "buffer", "cap", "backorder", "price", "unset")
LISTING_TEXTS = ("components", "currency")
OBSERVATION_INTS = ("reported", "allocated", "unknown", "captured_at")


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """What holds for all listings of a link.

    `buffer`, in base units, is the link's, its location's or the account's: a listing's own goes
    before it. `allocation` is a percent of sellable.
    `on_hand_channel`: the channel reports on hand, from which its own reservations are taken off.
    `complete`: all that the channel shows was fetched, so that a listing not among it is missing.
    `oldest`: what was captured before this instant (milliseconds) is stale; None: no limit.
    """

    buffer: int = 0
    allocation: int = 100
    tolerance: Tolerances = NO_TOLERANCES
    on_hand_channel: bool = False
    complete: bool = True
    oldest: int | None = None


@dataclass(frozen=True, slots=True)
class Offers:
    """The terms under which listings are published and compared, after precedence."""

    pack_size: Ints
    buffer: Ints
    backorder: Ints
    cap: Ints
    uncapped: Bools
    beyond: Bools
    allowance: Allowance

    @classmethod
    def of(cls, listings: Chunk, terms: LinkTerms) -> "Offers":
        ints, unset = listings.ints, listings.ints["unset"]
        return cls(
            pack_size=np.maximum(ints["pack_size"], 1),
            buffer=np.where(unset & Unset.BUFFER, terms.buffer, ints["buffer"]),
            backorder=ints["backorder"],
            cap=np.where(unset & Unset.CAP, 0, ints["cap"]),
            uncapped=(unset & Unset.CAP) != 0,
            beyond=listings.beyond("pack_size", "buffer", "cap", "backorder"),
            allowance=Allowance.of(terms.tolerance, listings),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """Channel units available as the channel shows them. `present`: it shows the item at all.

    `captured_at`: milliseconds, 0 for what it does not show. `read_only`: it cannot be set.
    """

    reported: Ints
    known: Bools
    present: Bools
    beyond: Bools
    captured_at: Ints
    read_only: Bools

    @classmethod
    def of(cls, observations: Chunk, terms: LinkTerms) -> "Shown":
        """An on-hand quantity includes what the channel has reserved, so that is taken off."""
        ints = observations.ints
        reported, beyond = ints["reported"], observations.beyond("reported")
        if terms.on_hand_channel:
            beyond = beyond | observations.beyond("allocated")
            reported = np.where(beyond, 0, reported) - np.where(beyond, 0, ints["allocated"])
            beyond |= too_large(reported)
        known = (ints["unknown"] & Observed.NO_QUANTITY) == 0
        beyond &= known
        known = known & ~beyond
        present, captured_at = np.ones(len(known), np.bool_), ints["captured_at"]
        read_only = (ints["unknown"] & Observed.READ_ONLY) != 0
        return cls(np.where(known, reported, 0), known, present, beyond, captured_at, read_only)

    def rows(self, rows: Ints) -> "Shown":
        return Shown(
            self.reported[rows],
            self.known[rows],
            self.present[rows],
            self.beyond[rows],
            self.captured_at[rows],
            self.read_only[rows],
        )

    def at(self, match: Match) -> "Shown":
        """What is shown of each key; nothing where the channel has it not."""
        if match.index is None:
            return self
        return Shown(
            match.gather(self.reported),
            match.gather_flags(self.known),
            match.found,
            match.gather_flags(self.beyond),
            match.gather(self.captured_at),
            match.gather_flags(self.read_only),
        )


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Rows in the columns of the ROWS schema, and `gap` in channel units, 0 where unknown."""

    ints: dict[str, Ints]
    gap: Ints


def classify(offers: Offers, stock: Stock, shown: Shown, terms: LinkTerms) -> Verdicts:
    """The rows of listings, in their order."""
    publishable, countable = _publishable(offers, stock, terms)
    beyond = stock.beyond | offers.beyond | shown.beyond | (stock.known & ~countable)
    gap = np.where(countable & shown.known, publishable - shown.reported, 0)
    reason = _by_gap(gap, publishable, shown, offers.allowance)
    if terms.oldest is not None:
        reason[shown.captured_at < terms.oldest] = Reason.STALE
    reason[~shown.known] = Reason.QUANTITY_UNKNOWN
    unknown = ~countable
    reason[unknown & ~stock.kit] = Reason.POSITION_UNKNOWN
    reason[unknown & stock.kit] = Reason.COMPONENT_UNKNOWN
    reason[beyond] = Reason.OUT_OF_RANGE
    if terms.complete:
        reason[~shown.present] = Reason.NOT_ON_CHANNEL
    bits = (
        ~stock.total_known * RowUnknown.TOTAL
        + unknown * RowUnknown.SELLABLE
        + ~shown.known * RowUnknown.REPORTED
        + offers.uncapped * RowUnknown.CAP
        + shown.read_only * RowUnknown.READ_ONLY
    )
    ints = {
        **dict(zip(QUANTITIES, stock.quantities, strict=True)),
        "sellable": np.where(countable, stock.sellable, 0),
        "publishable": publishable,
        "reported": shown.reported,
        "pack_size": offers.pack_size,
        "buffer": offers.buffer,
        "backorder": offers.backorder,
        "cap": offers.cap,
        "unknown": bits,
        "reason": reason,
    }
    return Verdicts(ints, gap)


def unlisted(shown: Shown) -> dict[str, Ints]:
    """The rows of what the channel shows and no listing names."""
    rows = len(shown.reported)
    zeros = np.zeros(rows, np.int64)
    bits = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.CAP
    return {
        **dict.fromkeys((*QUANTITIES, "publishable"), zeros),
        "reported": shown.reported,
        "pack_size": np.ones(rows, np.int64),
        **dict.fromkeys(("buffer", "backorder", "cap"), zeros),
        "unknown": bits
        + ~shown.known * RowUnknown.REPORTED
        + shown.read_only * RowUnknown.READ_ONLY,
        "reason": np.full(rows, Reason.NOT_LISTED, np.int64),
    }


def _publishable(offers: Offers, stock: Stock, terms: LinkTerms) -> tuple[Ints, Bools]:
    """Channel units that may be shown, 0 where not known, and where they are known."""
    known = stock.known & ~offers.beyond
    drawable = stock.sellable
    if terms.allocation != 100:  # noqa: PLR2004 - percent
        drawable = drawable * terms.allocation // 100
    # Stock that is not known and terms that are out of range must not get into the sum.
    free = np.where(known, drawable + offers.backorder - offers.buffer, 0)
    units = np.maximum(_divided(free, offers.pack_size), 0)
    capped = np.where(offers.uncapped, units, np.minimum(units, offers.cap))
    countable = known & ~too_large(capped)
    return np.where(countable, capped, 0), countable


def _divided(units: Ints, by: Ints) -> Ints:
    return units if by.size and by.max() == 1 else units // by


def _by_gap(gap: Ints, publishable: Ints, shown: Shown, allowance: Allowance) -> Ints:
    reason = np.where(gap == 0, np.int64(Reason.MATCHES), np.int64(Reason.DIFFERS))
    if allowance:
        within = allowance.tolerates(gap, publishable, shown.reported)
        reason[within] = Reason.WITHIN_TOLERANCE
    return reason
