"""A channel that shows our position late, and loses nothing, leaves no exception behind.

Through the real steps of a run: while it settles its rows are explained, and once the settle
window is over they match. One that is later than its settle time is an exception meanwhile.
"""

from datetime import timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.moves import captured, move, record
from tests.property.test_ledger_runs import Case, sellable
from tests.shelf import Shelf
from tests.world import NOW, World
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.outcomes import Reason
from trueup.domain.sources import Domain, Ownership, Source
from trueup.domain.time import milliseconds
from trueup.ports import Create

SETTLE = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)
SKUS = ("A", "B", "C")
KINDS = (
    MovementKind.RECEIPT,
    MovementKind.SHIP,
    MovementKind.RESERVE,
    MovementKind.RELEASE,
    MovementKind.ADJUSTMENT,
    MovementKind.DAMAGE,
    MovementKind.HOLD,
)


@st.composite
def histories(draw: st.DrawFn) -> list[Movement]:
    """An hour of movements."""
    return [
        move(
            draw(st.sampled_from(KINDS)),
            draw(st.sampled_from(SKUS)),
            draw(st.integers(0, 3)),
            NOW + MINUTE * draw(st.integers(1, 60)),
            reference=draw(st.sampled_from(["", "o1", "o2"])),
        )
        for _ in range(draw(st.integers(0, 12)))
    ]


def delayed(world: World, case: Case, delay: timedelta) -> None:
    """The channel shows what could be sold so long ago."""
    at = world.now - delay
    shown = {sku: max(sellable(case, "main", sku, at) or 0, 0) for sku in SKUS}
    world.shelf.stock = {("1", sku): quantity for sku, quantity in shown.items()}


def arrived(world: World, waiting: list[Movement]) -> list[Movement]:
    """Record what has occurred by now, and leave the rest."""
    now = milliseconds(world.now)
    record(world, *(movement for movement in waiting if movement.occurred_at <= now))
    return [movement for movement in waiting if movement.occurred_at > now]


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 14), st.lists(st.integers(1, 70), min_size=1, max_size=3))
def test_pure_delay_leaves_no_exception(
    told: list[Movement], delay: int, instants: list[int]
) -> None:
    case = Case({"main": dict.fromkeys(SKUS, 20)}, told, {}, complete=False, closes=False)
    world = World(Shelf())
    world.link()
    world.baseline("main", case.stock["main"])
    world.listings(SKUS)
    source = Source(code="wms", name="Warehouse", settle_seconds=int(SETTLE.total_seconds()))
    rule = Ownership(domain=Domain.MOVEMENTS, location="main", source="wms")
    world.registry.write(Create(source), Create(rule))
    captured(world)
    waiting = sorted(told, key=lambda movement: movement.order)
    for minutes in sorted(set(instants)):
        world.now = NOW + MINUTE * minutes
        waiting = arrived(world, waiting)
        delayed(world, case, MINUTE * delay)
        world.reconcile()
        outcomes = set(world.differing().values())
        event(f"explained: {Reason.EXPLAINED in outcomes}")
        assert outcomes <= {Reason.EXPLAINED}
    world.now = NOW + 71 * MINUTE + SETTLE
    arrived(world, waiting)
    delayed(world, case, MINUTE * delay)
    world.reconcile()
    assert world.differing() == {}
