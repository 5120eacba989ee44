"""Explaining the rows of a page that do not match: why, since when, and what it is worth.

The same for a run's pages and for rows that are compared again between runs. Whoever knows more
of a row than the row itself does gives it as `Evidence`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from trueup.books.pages import Page
from trueup.compare.asides import Aside, asides_of
from trueup.compare.join import RowsWithOrigin
from trueup.compare.origin import Origin
from trueup.compare.sheets import picked_rows, restated, sheet_rows
from trueup.domain.groups import CauseGroup
from trueup.domain.keys import sku_of
from trueup.domain.outcomes import GAPS, Outcome, Reason
from trueup.domain.runs import Tally
from trueup.explain.facts import Capture, Explanation, Facts, Sibling
from trueup.usecases.reconcile.episodes import Episodes, PreviousRows
from trueup.usecases.reconcile.grouping import Groups
from trueup.usecases.reconcile.remembering import remembered
from trueup.usecases.reconcile.verdicts import UNSAID, Verdict, terms_of, verdict_of

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Differing:
    """A row with a gap beyond its tolerance: its ROWS columns, and what is beside them.

    `previous`: how it stood in the version before. `captures`: 1 where it did not differ then, 2
    where it did (or longer).
    """

    key: str
    values: Values
    aside: Aside
    previous: Capture | None
    captures: int


class Evidence(Protocol):
    """What is known of differing rows beside what they are."""

    def facts(self, rows: Sequence[Differing], origin: Origin) -> Sequence[Facts]:
        """One for each row, in their order. What it says must follow from what is pinned."""
        ...

    def siblings(self, rows: Sequence[Differing]) -> Mapping[str, tuple[Sibling, ...]]:
        """Of rows that nothing explained: the same items at other locations, by row key."""
        ...


Explainer = Callable[[Facts], Explanation]


@dataclass(frozen=True, slots=True)
class RowEvidence:
    """What a row itself and the version before know. `now`: milliseconds."""

    now: int
    allocation: int = 100

    def facts(self, rows: Sequence[Differing], origin: Origin) -> Sequence[Facts]:  # noqa: ARG002
        return [row_facts(row, self.now, self.allocation) for row in rows]

    def siblings(self, rows: Sequence[Differing]) -> Mapping[str, tuple[Sibling, ...]]:  # noqa: ARG002
        return {}


def row_facts(row: Differing, now: int, allocation: int) -> Facts:
    """The part of a row's facts that it knows itself."""
    values = row.values
    return Facts(
        key=row.key,
        sku=sku_of(row.key),
        captured_at=row.aside.captured_at,
        now=now,
        terms=terms_of(values, allocation),
        tolerated=False,
        sellable=values["sellable"],
        publishable=values["publishable"],
        reported=values["reported"],
        allocated=row.aside.allocated,
        previous=row.previous,
        captures=row.captures,
    )


class Explained(NamedTuple):
    """A page with its explained rows marked, and the sheet of those that do not match."""

    page: Page
    sheet: Page | None
    tally: Tally


@dataclass
class Explaining:
    """Explains page after page of one location, in the order of their keys."""

    evidence: Evidence
    explain: Explainer
    previous: PreviousRows
    episodes: Episodes
    groups: Groups = field(default_factory=Groups)

    def page(self, rows: RowsWithOrigin) -> Explained:
        places = sheet_rows(rows.page)
        if not places.size:
            return Explained(rows.page, None, rows.tally)
        sheet, at = picked_rows(rows.page, places), places.tolist()
        values = list(sheet.rows())
        before = self.previous.of(sheet.keys)
        gaps = [i for i, row in enumerate(values) if row["reason"] in GAPS]
        asides = dict(zip(gaps, asides_of(rows.origin, [at[i] for i in gaps]), strict=True))
        verdicts = self._verdicts(values, before, asides, rows.origin)
        passing = [i for i in gaps if verdicts[i].outcome is Outcome.EXPLAINED]
        page = restated(rows.page, [at[i] for i in passing], Reason.EXPLAINED)
        sheet = restated(sheet, passing, Reason.EXPLAINED)
        self._count(values, verdicts, asides)
        told = self._told(sheet, before, verdicts, asides)
        return Explained(page, told, _tallied(rows.tally, verdicts))

    def _verdicts(
        self,
        values: Sequence[Values],
        before: Mapping[str, Values],
        asides: Mapping[int, Aside],
        origin: Origin,
    ) -> list[Verdict]:
        """Of each row of a sheet; of those that have no gap, nothing is said."""
        differing = [
            self._differing(values[i], before.get(values[i]["key"]), aside)
            for i, aside in asides.items()
        ]
        verdicts = [UNSAID] * len(values)
        facts = self.evidence.facts(differing, origin) if differing else ()
        found = self._explanations(differing, facts)
        for i, known, explanation in zip(asides, facts, found, strict=True):
            verdicts[i] = verdict_of(remembered(explanation, known, before.get(known.key)))
        return verdicts

    def _explanations(self, rows: Sequence[Differing], facts: Sequence[Facts]) -> list[Explanation]:
        """Of each row; other locations are looked at only where nothing here explains it."""
        found = [self.explain(known) for known in facts]
        left = [row for row, one in zip(rows, found, strict=True) if one.unexplained]
        siblings = self.evidence.siblings(left) if left else {}
        for i, known in enumerate(facts):
            if known.key in siblings:
                found[i] = self.explain(replace(known, siblings=siblings[known.key]))
        return found

    def _differing(self, values: Values, before: Values | None, aside: Aside) -> Differing:
        capture, captures = self.previous.capture(before), self.previous.captures(before)
        return Differing(values["key"], values, aside, capture, captures)

    def _count(
        self, values: Sequence[Values], verdicts: Sequence[Verdict], asides: Mapping[int, Aside]
    ) -> None:
        for i, (row, verdict) in enumerate(zip(values, verdicts, strict=True)):
            self.groups.add(row, verdict, asides.get(i))

    def _told(
        self,
        sheet: Page,
        before: Mapping[str, Values],
        verdicts: Sequence[Verdict],
        asides: Mapping[int, Aside],
    ) -> Page:
        """The sheet with all its columns."""
        instants = [asides[i].captured_at if i in asides else 0 for i in range(len(sheet))]
        rows = zip(sheet.keys, instants, strict=True)
        spans = [self.episodes.of(before.get(key), at) for key, at in rows]
        ints = {name: [span[name] for span in spans] for name in spans[0]}
        for name in ("unexplained", "settling_until", "stale_since"):
            ints[name] = [getattr(verdict, name) for verdict in verdicts]
        texts = {name: [getattr(v, name) for v in verdicts] for name in ("cause", "causes")}
        return Page(sheet.keys, {**sheet.ints, **ints}, texts)

    @property
    def causes(self) -> tuple[CauseGroup, ...]:
        return self.groups.all


def _tallied(tally: Tally, verdicts: Sequence[Verdict]) -> Tally:
    explained = sum(verdict.outcome is Outcome.EXPLAINED for verdict in verdicts)
    changes = {
        "differing": tally.differing - explained,
        "explained": explained,
        "unexplained": sum(abs(verdict.unexplained) for verdict in verdicts),
    }
    return tally.model_copy(update=changes)
