"""One row of a plan: its target, or why it has none; and rows as pages of the plan's book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.books.pages import Page
from trueup.books.schema import PLANNED, RowUnknown
from trueup.domain.force import ForceSettings, Skip, Urgency
from trueup.domain.keys import is_unlisted
from trueup.domain.outcomes import Outcome, Reason, outcome_of
from trueup.domain.pushes import UNREAD
from trueup.usecases.force.recomputing import Standing
from trueup.usecases.force.targets import Wanted
from trueup.usecases.rows.candidates import gap_of
from trueup.usecases.rows.why import cause_word

NO_URGENCY = -1
"""Of a row that has no target, or shows it already."""

_ABSENT = (Reason.NOT_LISTED, Reason.NOT_ON_CHANNEL)
Row = dict[str, Any]
"""The columns of PLANNED, and "key"."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all rows of one location. Instants in milliseconds.

    `covered`: up to then all orders are imported; None: nobody said so. `oldest`: what was
    captured before is stale; None: there is no limit.
    """

    settings: ForceSettings
    covered: int | None
    oldest: int | None
    include_settling: bool = False

    def covers(self, captured_at: int) -> bool:
        """Whether an increase may rest on a capture: our ledger has all orders up to it."""
        if not self.settings.orders_covered:
            return True
        return self.covered is not None and self.covered >= captured_at


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with how it stands now (None: it is not listed any more)."""

    wanted: Wanted
    standing: Standing | None
    accepted: bool = False

    @property
    def showed(self) -> int | None:
        values = self.wanted.values
        return None if values["unknown"] & RowUnknown.REPORTED else int(values["reported"])

    @property
    def target(self) -> int | None:
        """Channel units; None: nothing can be said, so nothing is."""
        known = None if self.standing is None else self.standing.target
        if known is None or self.showed is None or self.absent:
            return None
        return known if self.wanted.restore is None else self.wanted.restore

    @property
    def absent(self) -> bool:
        key, reason = self.wanted.key, Reason(self.wanted.values["reason"])
        return self.standing is None or is_unlisted(key) or reason in _ABSENT


def skip_of(row: Judged, rules: Rules) -> Skip:
    """Why a row is not pushed: the first reason that applies."""
    wanted = row.wanted
    if wanted.skip:
        return wanted.skip
    if row.absent:
        return Skip.UNMAPPED
    if wanted.values["unknown"] & RowUnknown.READ_ONLY:
        return Skip.READ_ONLY
    if row.target is None or row.showed is None or row.standing is None:
        return Skip.UNKNOWN
    return _stale(row, rules) or _of_known(row, row.standing, row.showed, rules)


def _of_known(row: Judged, standing: Standing, showed: int, rules: Rules) -> Skip:
    if row.wanted.restore is not None:
        return _restored(row.wanted, standing, showed)
    return _settled(standing, showed) or _held_back(row, rules)


def _stale(row: Judged, rules: Rules) -> Skip:
    """The channel's report is too old, or the positions that feed the row."""
    old = rules.oldest is not None and row.wanted.captured_at < rules.oldest
    fed = row.standing is not None and row.standing.stale
    return Skip.STALE if old or fed else Skip.NOT_SKIPPED


def _restored(wanted: Wanted, standing: Standing, showed: int) -> Skip:
    """Of an undo: what is shown is what we set, so no order came in between there."""
    allowed = standing.target or 0
    if wanted.restore == showed:
        return Skip.MATCHES
    more = wanted.restore is not None and wanted.restore > allowed
    return Skip.ABOVE_PUBLISHABLE if more and not wanted.above else Skip.NOT_SKIPPED


def _settled(standing: Standing, showed: int) -> Skip:
    """It is right, also within its tolerance; or it is once its orders are imported."""
    within = outcome_of(Reason(standing.values["reason"])) is Outcome.MATCH
    if within or standing.publishable == showed:
        return Skip.MATCHES
    return Skip.ORDERS_NOT_IMPORTED if standing.target == showed else Skip.NOT_SKIPPED


def _held_back(row: Judged, rules: Rules) -> Skip:
    wanted = row.wanted
    settles = outcome_of(Reason(wanted.values["reason"])) is Outcome.EXPLAINED
    if row.accepted and not wanted.named:
        return Skip.ACCEPTED
    if settles and not rules.include_settling:
        return Skip.SETTLING
    if rules.settings.agreeing_captures > 1 and not agreed(wanted):
        return Skip.ONE_CAPTURE
    increases = urgency_of(row) == Urgency.INCREASE
    if increases and not rules.covers(wanted.captured_at):
        return Skip.ORDERS_NOT_IMPORTED
    return Skip.NOT_SKIPPED


def agreed(wanted: Wanted) -> bool:
    """Whether the capture before the one that it shows differed, too."""
    since = wanted.values.get("diverged_version", 0)
    return since not in (0, wanted.version)


def row_of(row: Judged, rules: Rules) -> Row:
    """The row as the plan's book has it."""
    wanted, target, showed = row.wanted, row.target, row.showed
    there = row.standing.values if row.standing else wanted.values
    units = 0 if target is None or showed is None else abs(target - showed)
    return {
        "key": wanted.key,
        "showed": UNREAD if showed is None else showed,
        "target": UNREAD if target is None else target,
        "captured_at": wanted.captured_at,
        "urgency": urgency_of(row),
        "skip": skip_of(row, rules),
        "units": units * there["pack_size"],
        **_valued(row.standing, units),
        "unexplained": _unexplained(wanted.values),
        "sellable": there["sellable"],
        "publishable": there["publishable"],
        "allocation": row.standing.allocation if row.standing else 100,
        "backorder": there["backorder"],
        "buffer": there["buffer"],
        "pack_size": there["pack_size"],
        "cap": -1 if there["unknown"] & RowUnknown.CAP else there["cap"],
        "attempts": wanted.attempts,
        "cause": cause_word(wanted.values) or "",
        "causes": wanted.values.get("causes", ""),
        "channel_product_id": row.standing.product_id if row.standing else "",
        "retry_of": wanted.retry_of,
        "note": wanted.note or _note(row),
    }


def urgency_of(row: Judged) -> int:
    """Oversold: the channel shows some of what cannot be sold at all."""
    target, showed = row.target, row.showed
    if target is None or showed is None or target == showed:
        return NO_URGENCY
    if target > showed:
        return Urgency.INCREASE
    nothing = row.standing is not None and row.standing.target == 0
    return Urgency.OVERSOLD if nothing and target == 0 else Urgency.DECREASE


def _valued(standing: Standing | None, units: int) -> Row:
    if standing is None or standing.price is None:
        return {"value": 0, "valued": 0, "currency": ""}
    return {"value": units * standing.price, "valued": 1, "currency": standing.currency}


def _unexplained(values: Mapping[str, Any]) -> int:
    """Base units that no cause explains; what matched when it was captured, the ledger explains."""
    if "unexplained" in values:
        return abs(int(values["unexplained"]))
    return abs(gap_of(dict(values)) or 0) * int(values["pack_size"])


def _note(row: Judged) -> str:
    lacking = row.standing.lacking if row.standing else 0
    if not lacking:
        return ""
    return f"{lacking} base units of orders that are not imported yet are taken off."


def page_of(rows: Sequence[Row]) -> Page:
    """A page of the plan's book; rows in the order of their keys."""
    return Page(
        [row["key"] for row in rows],
        {name: [int(row[name]) for row in rows] for name in PLANNED.ints},
        {name: [row[name] for row in rows] for name in PLANNED.texts},
    )
