"""Variances as rows of their book, and counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from trueup.books.pages import Page
from trueup.books.schema import VARIANCES, VarianceUnknown
from trueup.domain.groups import MAX_SAMPLES, CauseGroup
from trueup.domain.stock import Position
from trueup.explain.variance_facts import Explained, Share, VarianceCause
from trueup.ledger.positions import PositionAt

Row = tuple[str, Explained, Mapping[str, int]]
"""SKU, why it differs, and |delta| at cost by currency."""

PASSING = (VarianceCause.LATE, VarianceCause.CUTOFF)
"""These pass by themselves: the next statement has them."""

_encode = msgspec.json.encode
_shares = msgspec.json.Decoder(list[Share]).decode
_value = msgspec.json.Decoder(dict[str, int]).decode


def page_of(rows: Sequence[Row]) -> Page:
    """A page of the book; rows in the order of their SKUs."""
    ints = list(zip(*(_ints(found) for _, found, _ in rows), strict=True))
    return Page(
        [sku for sku, _, _ in rows],
        dict(zip(VARIANCES.ints, ints, strict=True)) if rows else {},
        {
            "cause": [found.primary for _, found, _ in rows],
            "causes": [_encode(found.shares).decode() for _, found, _ in rows],
            "value": [_encode(value).decode() for _, _, value in rows],
        },
    )


def _ints(found: Explained) -> tuple[int, ...]:
    then, stated = found.then, found.stated
    unknown = (VarianceUnknown.EXPECTED_ON_HAND if then.on_hand is None else 0) | (
        VarianceUnknown.ON_HAND if stated.on_hand is None else 0
    )
    return (
        *(then.on_hand or 0, then.committed, then.damaged, then.on_hold),
        *(then.sellable or 0, then.in_transit),
        *(stated.on_hand or 0, stated.committed, stated.damaged, stated.on_hold),
        *(stated.sellable or 0, found.delta, found.unexplained, unknown),
    )


@dataclass(frozen=True, slots=True)
class Differing:
    """One SKU of a statement. `late`: movements came since, and are in its causes."""

    sku: str
    expected: PositionAt
    stated: Position
    delta: int
    cause: str
    shares: tuple[Share, ...]
    unexplained: int
    value: Mapping[str, int]
    late: bool = False


def differing_of(row: Mapping[str, Any]) -> Differing:
    """A row of the book."""
    unknown = row["unknown"]
    no_total = unknown & VarianceUnknown.EXPECTED_ON_HAND
    stated_total = None if unknown & VarianceUnknown.ON_HAND else row["on_hand"]
    expected = PositionAt(
        on_hand=None if no_total else row["expected_on_hand"],
        committed=row["expected_committed"],
        damaged=row["expected_damaged"],
        on_hold=row["expected_on_hold"],
        in_transit=row["expected_in_transit"],
        known=True,
        stated=row["expected_sellable"] if no_total else None,
    )
    parts = (row["committed"], row["damaged"], row["on_hold"])
    stated = Position(stated_total, *parts, row["sellable"] if stated_total is None else None)
    return Differing(
        sku=row["key"],
        expected=expected,
        stated=stated,
        delta=row["delta"],
        cause=row["cause"],
        shares=tuple(_shares(row["causes"])),
        unexplained=row["unexplained"],
        value=_value(row["value"]),
    )


class Counted:
    """Figures of one comparison, while it goes on."""

    def __init__(self) -> None:
        self.compared = self.unknown = 0
        self._short, self._over = Counter[str](), Counter[str]()
        self._value: dict[str, Counter[str]] = {}
        self._figures: dict[str, Counter[str]] = {}
        self._samples: dict[str, list[str]] = {}

    def add(self, rows: Sequence[Row]) -> None:
        for sku, found, value in rows:
            figures = self._figures.setdefault(found.primary, Counter())
            side = "units_under" if found.delta > 0 else "units_over"
            (self._short if found.delta > 0 else self._over).update(value)
            figures.update({"rows": 1, side: abs(found.delta), "unvalued": int(not value)})
            figures["explained"] += found.primary in PASSING
            self._value.setdefault(found.primary, Counter()).update(value)
            samples = self._samples.setdefault(found.primary, [])
            samples += [sku] if len(samples) < MAX_SAMPLES else []

    @property
    def groups(self) -> tuple[CauseGroup, ...]:
        """By primary cause, the ones with the most SKUs first."""
        made = (self._group(cause) for cause in self._figures)
        return tuple(sorted(made, key=lambda group: (-group.rows, group.cause)))

    def _group(self, cause: str) -> CauseGroup:
        return CauseGroup(
            cause=cause,
            value=dict(sorted(self._value[cause].items())),
            samples=tuple(self._samples[cause]),
            **self._figures[cause],
        )

    @property
    def figures(self) -> dict[str, Any]:
        """As the fields of a `VarianceRun`."""
        groups = self.groups
        return {
            "compared": self.compared,
            "unknown": self.unknown,
            "differing": sum(group.rows for group in groups),
            "units_short": sum(group.units_under for group in groups),
            "units_over": sum(group.units_over for group in groups),
            "value_short": dict(sorted(self._short.items())),
            "value_over": dict(sorted(self._over.items())),
            "unvalued": sum(group.unvalued for group in groups),
            "groups": groups,
        }
