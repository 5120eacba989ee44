"""Orders that come in while a part is pushed, at random instants."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import takewhile
from random import Random
from typing import Any

from tests.force_channel import Key
from tests.force_world import ForceWorld
from trueup.domain.pushlog import PushOutcome, PushRow

ROWS = 500
MOST = 50


@dataclass
class Simulation:
    """Trials are rows: each may be sold between its read, its write and its read-back.

    `overwritten`: units that were sold before a write that did not know of them, in `hit` rows;
    `silent`: those of these rows that do not say that it may have happened.
    """

    seed: int
    modes: dict[str, Any]
    rate: float = 0.2
    trials: int = 0
    orders: int = 0
    overwritten: int = 0
    hit: int = 0
    silent: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    def run(self, chunks: int) -> "Simulation":
        self._random = Random(self.seed)  # noqa: S311 - a simulation
        for _ in range(chunks):
            self._chunk()
        return self

    def _chunk(self) -> None:
        keys = [f"SKU-{i:04d}" for i in range(ROWS)]
        wanted = {key: self._random.randrange(20, MOST) for key in keys}
        world = ForceWorld(batch=ROWS, **self.modes)
        world.furnish(dict.fromkeys(keys, MOST + 10), wanted)
        plan = world.plan(wanted)
        world.till.between = lambda _, key: self._sell(world, key)
        world.force(plan)
        for key, row in world.pushed(plan).items():
            self._count(world, key, row)

    def _sell(self, world: ForceWorld, key: Key) -> None:
        if self._random.random() < self.rate:
            self.orders += world.till.order(key, self._random.randrange(1, 4))

    def _count(self, world: ForceWorld, key: str, row: PushRow) -> None:
        self.trials += 1
        self.outcomes[PushOutcome(row.outcome).name] += 1
        lost = _overwritten(world, key, row)
        self.overwritten += lost
        self.hit += lost > 0
        self.silent += lost > 0 and "cannot compare and set" not in row.message


def _overwritten(world: ForceWorld, key: str, row: PushRow) -> int:
    """Units that were sold and are on the shelf all the same."""
    history = world.till.history.get(("1", key), [])
    if not any(what == "write" for what, _ in history):
        return 0
    later = sum(units for what, units in history if what == "order")
    before = sum(units for _, units in takewhile(lambda one: one[0] == "order", history))
    return world.till.available("1", key) - (row.quantity - later) if before else 0
