"""A seller with a past run that has something of everything, and replays of it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import msgspec

from tests.asl import Machine
from tests.moves import captured, move, record
from tests.shelf import Shelf
from tests.world import ACCOUNT, NOW, SELLER, World
from trueup.domain.movements import MovementKind
from trueup.domain.pushes import PushEntry
from trueup.domain.replays import NO_CHANGE, Change, Replay, ReplayKind
from trueup.domain.runs import Run
from trueup.domain.sources import Domain, Ownership, Source
from trueup.domain.time import milliseconds
from trueup.ports import Create
from trueup.usecases.finalising import ending_of, finalise
from trueup.usecases.intake.pushing import append_pushes
from trueup.usecases.intake.taking import Gate
from trueup.usecases.replays.closing import close_replay
from trueup.usecases.replays.job import ReplayItem, ReplayJob
from trueup.usecases.replays.planning import plan_replay
from trueup.usecases.replays.ranges import replay_range
from trueup.usecases.replays.starting import Wish, payload, start_replay

MINUTE = timedelta(minutes=1)
SKUS = [f"SKU-{number:02d}" for number in range(24)]


def furnished() -> World:
    """Two places, fed by a warehouse with a ledger and a shop; kits, pushes, a version before."""
    places = ("1", "2")
    stock = {(place, sku): 10 for place in places for sku in SKUS}
    world = World(Shelf(stock=dict(stock), locations=places, page=7))
    world.link({"1": ["main"], "2": ["main", "second"]})
    for location in ("main", "second"):
        world.baseline(location, dict.fromkeys(SKUS, 10))
    recipes = {"KIT": [("SKU-00", 2)]}
    world.listings([*SKUS, "KIT"], components=recipes, buffer={"SKU-03": 4})
    world.shelf.stock["1", "KIT"] = 5
    world.registry.write(
        Create(Source(code="wms", name="Warehouse", settle_seconds=900)),
        Create(Ownership(domain=Domain.MOVEMENTS, location="main", source="wms")),
    )
    world.now = NOW + 60 * MINUTE
    captured(world)
    world.reconcile()
    _happened(world)
    return world


def _happened(world: World) -> None:
    """What the next run finds: lag, stale, over and under, not listed, not shown, a push."""
    world.now += 30 * MINUTE
    shown = {"SKU-01": 12, "SKU-02": 7, "SKU-03": 9, "SKU-04": 11, "SKU-05": 0, "SKU-22": 13}
    world.shelf.stock |= {("1", sku): units for sku, units in shown.items()}
    world.shelf.stock |= {("2", sku): 20 for sku in SKUS} | {("2", "SKU-09"): 23}
    world.shelf.stock["1", "NOBODYS"] = 3
    del world.shelf.stock["1", "SKU-20"]
    record(
        world,
        move(MovementKind.SHIP, "SKU-06", 3, world.now - 5 * MINUTE),
        move(MovementKind.SHIP, "SKU-07", 2, world.now - 20 * MINUTE),
        move(MovementKind.RECEIPT, "SKU-08", 4, world.now - 40 * MINUTE),
        move(MovementKind.COUNT, "SKU-21", 6, world.now - 50 * MINUTE),
    )
    gate = Gate(world.registry, world.ledger, world.clock)
    at = milliseconds(world.now - MINUTE)
    append_pushes(gate, ACCOUNT, [PushEntry("SKU-05", "1", 10, at, "tool", "p1", before=0)])


def moved_on(world: World) -> None:
    """A day in which all that the run had compared is replaced, and other runs follow."""
    world.now += timedelta(days=1)
    world.baseline("main", dict.fromkeys(SKUS[:20], 3))
    world.listings(SKUS[2:], buffer={"SKU-08": 1})
    record(world, move(MovementKind.SHIP, "SKU-08", 1, world.now - 5 * MINUTE))
    world.shelf.stock["1", "SKU-10"] = 1
    world.reconcile()


def replay_machine(world: World, spoilt: Mapping[str, Any] | None = None) -> Machine:
    """The shipped machine with the real steps behind it."""

    def closed(event: dict[str, Any]) -> dict[str, Any]:
        ended = close_replay(world.work(), _job(event))
        return {"state": str(ended.state), "cause": ended.cause}

    tasks = {
        "${PlanReplayFunctionArn}": lambda e: asdict(plan_replay(world.work(), _job(e))),
        "${ReplayRangeFunctionArn}": lambda e: asdict(
            replay_range(world.work(), msgspec.convert(e, ReplayItem))
        ),
        "${CloseReplayFunctionArn}": closed,
        "${FinaliseFunctionArn}": lambda e: finalise(world.plant(), ending_of(e)).model_dump(),
    }
    return Machine(
        "replay",
        tasks | dict(spoilt or {}),
        read_items=lambda key: msgspec.json.decode(world.evidence.get(key)),
    )


def start(world: World, run: Run, change: Change = NO_CHANGE) -> Replay:
    """A what-if where there is a change."""
    kind = ReplayKind.WHAT_IF if change else ReplayKind.REPLAY
    wish = Wish(ACCOUNT, run.id, kind, "ada", change)
    return start_replay(world.work(), world.machines, world.new_id, wish)


def replayed(world: World, run: Run, change: Change = NO_CHANGE) -> Replay:
    """Run through the machine to its end."""
    replay = start(world, run, change)
    replay_machine(world).run(payload(SELLER, replay))
    return found(world, replay)


def found(world: World, replay: Replay) -> Replay:
    stored = world.registry.get(Replay, replay.id)
    assert stored is not None
    return stored.value


def _job(event: dict[str, Any]) -> ReplayJob:
    return ReplayJob.model_validate(event)
