"""Counting the rows that do not match by their causes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trueup.compare.asides import Aside
from trueup.domain.exceptions import cause_of
from trueup.domain.groups import MAX_SAMPLES, CauseGroup
from trueup.domain.outcomes import Outcome, Reason
from trueup.domain.runs import LocationResult
from trueup.usecases.reconcile.verdicts import Verdict

RUN_BYTES = 360_000
"""Of a run's results and its inputs together: its record has 380,000, if it is not compressed."""

LEAST_BYTES = 120_000
"""Of a run's results, however much its inputs take: they compress well."""


class _Count:
    """A group while it is being counted."""

    def __init__(self) -> None:
        self.figures = dict.fromkeys(
            ("rows", "explained", "oversold_rows", "units_over", "units_under", "unvalued"), 0
        )
        self.value: dict[str, int] = {}
        self.samples: list[str] = []

    def add(self, values: Mapping[str, Any], verdict: Verdict, aside: Aside | None) -> None:
        figures = self.figures
        figures["rows"] += 1
        if len(self.samples) < MAX_SAMPLES:
            self.samples.append(values["key"])
        figures["explained"] += verdict.outcome is Outcome.EXPLAINED
        gap = values["publishable"] - values["reported"] if aside else 0
        figures["units_over" if gap < 0 else "units_under"] += abs(gap)
        figures["oversold_rows"] += gap < 0 and values["publishable"] == 0
        if aside is None or aside.price is None:
            figures["unvalued"] += 1
        else:
            known = self.value.get(aside.currency, 0)
            self.value[aside.currency] = known + abs(gap) * aside.price


class Groups:
    """Rows by primary cause, or by what stands for one where there is no gap to explain."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def add(self, values: Mapping[str, Any], verdict: Verdict, aside: Aside | None) -> None:
        """`aside` None: the row has no gap, and so no known value."""
        cause = cause_of(Reason(values["reason"]), verdict.cause)
        self._counts.setdefault(cause, _Count()).add(values, verdict, aside)

    @property
    def all(self) -> tuple[CauseGroup, ...]:
        """By cause."""
        return tuple(
            CauseGroup(
                cause=cause,
                value=dict(sorted(count.value.items())),
                samples=tuple(count.samples),
                **count.figures,
            )
            for cause, count in sorted(self._counts.items())
        )


def fitted(results: Sequence[LocationResult], limit: int) -> tuple[LocationResult, ...]:
    """The results within so many bytes of JSON: without samples, then with fewer and fewer groups.

    The figures of a location are never left out, and its groups are in its history.
    """
    kept = tuple(results)
    most = max((len(result.causes) for result in kept), default=0)
    if size_of(kept) > limit:
        kept = tuple(map(_without_samples, kept))
    while most and size_of(kept) > limit:
        most -= 1
        kept = tuple(r.model_copy(update={"causes": r.causes[:most]}) for r in kept)
    return kept


def size_of(results: Iterable[LocationResult]) -> int:
    """Bytes of JSON."""
    return sum(len(result.model_dump_json().encode()) for result in results)


def _without_samples(result: LocationResult) -> LocationResult:
    causes = tuple(group.model_copy(update={"samples": ()}) for group in result.causes)
    return result.model_copy(update={"causes": causes})
