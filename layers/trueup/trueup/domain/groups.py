"""Rows that do not match, counted by why."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

MAX_SAMPLES = 5


class CauseGroup(BaseModel):
    """The rows of one channel location that share a primary cause, or what stands for one.

    `explained`: those of the rows that pass by themselves. Units are channel units; `value`:
    minor units by currency of what is over and under, at price. `unvalued`: rows whose value
    nobody knows. `samples`: keys of a few rows.
    """

    model_config = ConfigDict(frozen=True)
    cause: str
    rows: int = 0
    explained: int = 0
    oversold_rows: int = 0
    units_over: int = 0
    units_under: int = 0
    value: dict[str, int] = {}
    unvalued: int = 0
    samples: tuple[str, ...] = ()

    def __add__(self, other: "CauseGroup") -> "CauseGroup":
        """Both together, under the first one's cause."""
        return CauseGroup(
            cause=self.cause,
            rows=self.rows + other.rows,
            explained=self.explained + other.explained,
            oversold_rows=self.oversold_rows + other.oversold_rows,
            units_over=self.units_over + other.units_over,
            units_under=self.units_under + other.units_under,
            value=_summed(self.value, other.value),
            unvalued=self.unvalued + other.unvalued,
            samples=(self.samples + other.samples)[:MAX_SAMPLES],
        )


def merged(groups: Iterable[CauseGroup]) -> tuple[CauseGroup, ...]:
    """Those of one cause together, the ones with the most rows first."""
    found: dict[str, CauseGroup] = {}
    for group in groups:
        found[group.cause] = found[group.cause] + group if group.cause in found else group
    return tuple(sorted(found.values(), key=lambda group: (-group.rows, group.cause)))


def _summed(one: Mapping[str, int], two: Mapping[str, int]) -> dict[str, int]:
    return {c: one.get(c, 0) + two.get(c, 0) for c in sorted(one.keys() | two.keys())}
