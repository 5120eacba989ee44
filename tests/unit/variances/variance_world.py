"""A warehouse that tells movements and states its stock from time to time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.unit.ingest.intake_world import PLACE, SOURCE, IntakeWorld
from trueup.books.schema import VARIANCES
from trueup.domain.imports import Import
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.time import milliseconds
from trueup.domain.variances import VarianceRun
from trueup.ledger.streams import movements_stream
from trueup.usecases.ledger.appending import append
from trueup.usecases.variances.telling import latest_run, variances_book

MINUTE = timedelta(minutes=1)


class VarianceWorld(IntakeWorld):
    """Movements and statements of SKUs at one location, in minutes of one clock."""

    def __init__(self) -> None:
        super().__init__()
        self._ids = 0

    def move(self, kind: str, sku: str, units: int, minutes_ago: float = 1, **more: Any) -> str:
        """Tell of a movement so many minutes ago; its id."""
        movement = self.told(kind, sku, units, minutes_ago, **more)
        return f"{movement.source}:{movement.id}"

    def told(
        self, kind: str, sku: str, units: int, minutes_ago: float = 1, **more: Any
    ) -> Movement:
        """As `move`; the movement."""
        self._ids += 1
        at = milliseconds(self.now - minutes_ago * MINUTE)
        fields = {"source": SOURCE, "id": f"m{self._ids}"} | more
        movement = Movement(MovementKind[kind.upper()], sku, PLACE, units, at, **fields)
        found = append(self.ledger, self.clock, movements_stream(PLACE), [movement])
        assert found.accepted, found
        return movement

    def later(self, minutes: float = 60) -> datetime:
        self.now += minutes * MINUTE
        return self.now

    def state(
        self,
        stock: Mapping[str, int],
        committed: Mapping[str, int] | None = None,
        *,
        as_of: datetime | None = None,
        **how: Any,
    ) -> Import:
        """The warehouse states its stock, as of now."""
        promised = committed or {}
        rows = "".join(f"{sku},{units},{promised.get(sku, 0)}\n" for sku, units in stock.items())
        how = {"source": SOURCE, "as_of": as_of or self.now, "max_drop_percent": 100} | how
        return self.take(f"sku,on_hand,committed\n{rows}", "baseline", **how)

    def latest(self) -> VarianceRun:
        run = latest_run(self.registry, PLACE)
        assert run is not None
        return run

    def variances(self) -> dict[str, dict[str, Any]]:
        return self.rows(variances_book(PLACE), VARIANCES)

    def causes(self) -> dict[str, tuple[str, int]]:
        """Primary cause and delta of each SKU that differs."""
        return {sku: (row["cause"], row["delta"]) for sku, row in self.variances().items()}
