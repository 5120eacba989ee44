"""Laws of the ledger: order, repeats and closed books change no position at any instant."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.ledger_world import HOUR, NOW, LedgerWorld, seen
from trueup.domain.movements import BUCKETS, Movement, MovementKind
from trueup.domain.time import milliseconds
from trueup.usecases.ledger import closing

SKUS = ("A", "B", "C", "D")
REFERENCES = ("", "o1", "o2")
KINDS = [int(kind) for kind in MovementKind]


@st.composite
def movement(draw: st.DrawFn, number: int, kinds: list[int] = KINDS) -> Movement:
    """Something that happened at a full hour of the last day: many meet at one instant."""
    kind = draw(st.sampled_from(kinds))
    bucketed = kind in (MovementKind.COUNT, MovementKind.RECEIPT, MovementKind.ADJUSTMENT)
    ship = kind == MovementKind.SHIP
    return Movement(
        kind=kind,
        sku=draw(st.sampled_from(SKUS)),
        location="berlin",
        quantity=draw(st.integers(-3 if kind == MovementKind.ADJUSTMENT else 0, 6)),
        occurred_at=draw(st.integers(-30, 0)),  # hours, before it is told
        source=draw(st.sampled_from(("pos", "wms"))),
        id=f"m{number}",
        reference=draw(st.sampled_from(REFERENCES)),
        bucket=draw(st.sampled_from(["", *BUCKETS])) if bucketed else "",
        disposition=draw(st.sampled_from(["", "restock", "damaged"])) if kind == 5 else "",
        releases=draw(st.sampled_from([-1, -1, 0, 2])) if ship else -1,
        claim=draw(st.integers(0, 9)) == 0,
    )


Step = tuple[str, Any]
STEPS = ("tell", "tell", "tell", "baseline", "restate", "close", "wait")


@st.composite
def histories(draw: st.DrawFn) -> list[Step]:
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 14))):
        what = draw(st.sampled_from(STEPS))
        if what == "tell":
            size = draw(st.integers(1, 5))
            steps.append((what, [draw(movement(number * 10 + i)) for i in range(size)]))
        elif what in ("baseline", "restate"):
            rows = draw(st.dictionaries(st.sampled_from(SKUS), st.integers(0, 20)))
            steps.append((what, (rows, draw(st.integers(0, 30)), draw(st.booleans()))))
        else:
            steps.append((what, draw(st.sampled_from([1, 5, 13, 24]))))
    return steps


def played(steps: list[Step], world: LedgerWorld) -> list[Any]:
    """Plays a history; the instants between its steps."""
    instants = [world.now]
    as_of = world.now - 60 * HOUR
    for what, given_ in steps:
        world.now += timedelta(minutes=1)
        if what == "tell":
            base = world.now.replace(minute=0)
            world.append(
                *(replace(m, occurred_at=milliseconds(base + m.occurred_at * HOUR)) for m in given_)
            )
        elif what == "baseline":
            rows, ago, complete = given_
            as_of = max(as_of, world.now.replace(minute=0) - ago * HOUR)
            world.baseline(rows, as_of, complete=complete)
        elif what == "restate":
            if world.baselines:
                world.restate(given_[0], world.now.replace(minute=0) - given_[1] * HOUR)
        elif what == "close":
            world.close()
        else:
            world.now += given_ * HOUR
        instants.append(world.now)
    return instants


@settings(max_examples=150, deadline=None)
@given(histories(), st.data())
def test_closing_at_any_moment_changes_no_answer_at_any_instant(
    steps: list[Step], data: st.DataObject
) -> None:
    world = LedgerWorld()
    with patch.object(closing, "ENOUGH", 1):
        instants = played(steps, world)
        world.now += timedelta(minutes=1)
        hours = data.draw(st.lists(st.integers(0, 40), max_size=3))
        asked = [world.now, *(world.now - hour * HOUR for hour in hours), *instants[-3:]]
        for at in asked:
            for known_at in (None, *instants[-4:]):
                for sku in SKUS:
                    found = seen(world.position(sku, at, known_at))
                    assert found == world.expected(sku, at, known_at), (sku, at, known_at)
            for one in world.all_positions(at):
                assert seen(one) == world.expected(one.sku, at)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 1), min_size=1, max_size=12), st.data())
def test_any_order_with_repeats_gives_the_same_positions(
    draws: list[int], data: st.DataObject
) -> None:
    events = [
        replace(m, occurred_at=milliseconds(NOW + m.occurred_at * HOUR))
        for m in (data.draw(movement(n)) for n in range(len(draws)))
    ]
    one, two = LedgerWorld(), LedgerWorld()
    one.append(*events)
    shuffled = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events)))]))
    for start in range(0, len(shuffled), 3):
        two.append(*shuffled[start : start + 3])
    for sku in SKUS:
        assert seen(one.position(sku)) == seen(two.position(sku)) == one.expected(sku, NOW)


def test_a_count_sets_its_instant_and_what_comes_late_before_it_changes_its_variance_alone() -> (
    None
):
    world = LedgerWorld()

    def at(hours: int) -> int:
        return milliseconds(NOW + hours * HOUR)

    count = Movement(17, "A", "berlin", 7, at(-2), "wms", "count")
    world.append(Movement(1, "A", "berlin", 10, at(-5), "wms", "r"), count)
    world.baseline({"A": 0}, NOW - 9 * HOUR)
    before = world.position("A").position
    assert (before.on_hand, before.variances[0].expected) == (7, 10)
    world.append(Movement(4, "A", "berlin", 3, at(-4), "pos", "late"))
    after = world.position("A").position
    assert (after.on_hand, after.variances[0].expected) == (7, 7)
    assert world.position("A", NOW - 3 * HOUR).position.on_hand == 7
