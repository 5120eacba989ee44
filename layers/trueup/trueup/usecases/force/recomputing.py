"""What may be published of some rows by the ledger as it stands now, whenever they were captured.

A plan's targets are made from this; what the channel sold and our ledger lacks is taken off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trueup.books.pages import Page
from trueup.books.schema import LISTINGS, Observed, RowUnknown
from trueup.compare.asides import Aside, asides_of
from trueup.compare.join import RowsWithOrigin
from trueup.domain.accounts import Account, Link
from trueup.domain.outcomes import Reason
from trueup.domain.stock import publishable
from trueup.domain.time import milliseconds
from trueup.explain.channels import quantities
from trueup.explain.evidence import reference
from trueup.explain.facts import Facts
from trueup.usecases.books import open_book
from trueup.usecases.joining import Joint
from trueup.usecases.members import live_moves, members_of
from trueup.usecases.reconcile.explaining import Differing
from trueup.usecases.reconcile.facts import LedgerFacts, NothingPushed, evidence_of
from trueup.usecases.reconcile.opening import pin_inputs
from trueup.usecases.reconcile.verdicts import terms_of
from trueup.usecases.work import Work

Shown = Mapping[str, int | None]
"""What the channel shows, available, by row key; None: no quantity."""
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one listed row stands now. `values`: the columns of ROWS.

    `lacking`: base units of the channel's own orders that our ledger does not have yet.
    `price`: minor units of `currency` for a channel unit; None: not known.
    """

    values: Values
    lacking: int
    allocation: int
    product_id: str
    price: int | None
    currency: str

    @property
    def stale(self) -> bool:
        """The positions that feed the row are past their age."""
        return Reason(self.values["reason"]) is Reason.STALE

    @property
    def publishable(self) -> int | None:
        """Channel units that may be shown; None: not known."""
        unknown = self.values["unknown"] & RowUnknown.SELLABLE
        return None if unknown else int(self.values["publishable"])

    @property
    def target(self) -> int | None:
        """The same, less the orders that our ledger lacks."""
        if not self.lacking or self.publishable is None:
            return self.publishable
        left = self.values["sellable"] - self.lacking
        return publishable(left, terms_of(self.values, self.allocation))


class Present:
    """One link's listings and positions as they stand, pinned when this is made."""

    def __init__(self, work: Work, account: Account, link: Link) -> None:
        self._work, self._link = work, link
        self.inputs = pin_inputs(work.registry, work.ledger, account, link.channel_location)
        self.now = milliseconds(work.clock())
        moves = live_moves(work.pages, work.ledger, self.inputs)
        self._members = members_of(self.inputs, link, moves, self.now)

    def of(self, shown: Shown) -> dict[str, Standing]:
        """Rows by key; what is not listed any more is left out."""
        listed = self._listed(sorted(shown))
        if not listed:
            return {}
        keys = sorted(listed)
        observed = _observed({key: shown[key] for key in keys}, self.now)
        found: dict[str, Standing] = {}
        for rows in self._joint.chosen(keys, observed):
            found.update(self._standings(rows, listed))
        return found

    def _listed(self, keys: Sequence[str]) -> Mapping[str, Values]:
        pinned = self.inputs.listings
        return {} if pinned is None else open_book(self._work.pages, pinned, LISTINGS).get(keys)

    @cached_property
    def _joint(self) -> Joint:
        pages, members = self._work.pages, self._members
        return Joint(pages, self.inputs, self._link, members, now=self.now, at=self.now)

    @cached_property
    def _evidence(self) -> LedgerFacts:
        return evidence_of(self._work, self.inputs, self._members, self.now, NothingPushed())

    def _standings(self, rows: RowsWithOrigin, listed: Mapping[str, Values]) -> dict[str, Standing]:
        values = list(rows.page.rows())
        asides = asides_of(rows.origin, range(len(values)))
        lacking = self._lacking(rows, values, asides)
        return {
            row["key"]: Standing(
                values=row,
                lacking=short,
                allocation=self.inputs.allocation,
                product_id=listed[row["key"]]["channel_product_id"],
                price=aside.price,
                currency=aside.currency,
            )
            for row, aside, short in zip(values, asides, lacking, strict=True)
        }

    def _lacking(
        self, rows: RowsWithOrigin, values: Sequence[Values], asides: Sequence[Aside]
    ) -> list[int]:
        """Of each row. Only sources that tell of the channel's orders can say so."""
        if not self.inputs.feeds:
            return [0] * len(values)
        differing = [
            Differing(row["key"], row, aside, None, 1)
            for row, aside in zip(values, asides, strict=True)
        ]
        return [_lacks(facts) for facts in self._evidence.facts(differing, rows.origin)]


def _lacks(facts: Facts) -> int:
    orders = [o for o in facts.orders if reference(o) not in facts.order_references]
    return sum(quantities(orders).values()) if orders else 0


def _observed(shown: Shown, now: int) -> Page:
    """As if the channel had shown it just now, so that all that happened since counts."""
    keys = sorted(shown)
    return Page(
        keys,
        {
            "reported": [shown[key] or 0 for key in keys],
            "allocated": [0] * len(keys),
            "unknown": [Observed.NO_QUANTITY if shown[key] is None else 0 for key in keys],
            "captured_at": [now] * len(keys),
        },
    )
