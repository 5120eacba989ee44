"""Whatever batches events come in, in whatever order and how often: the ledger holds the same."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.intake.gate_world import GateWorld, contents
from tests.unit.intake.reading import event
from trueup.domain.movements import MovementKind
from trueup.usecases.intake.taking import Fate

Event = dict[str, Any]
KINDS = [kind.word for kind in MovementKind if kind != MovementKind.INBOUND]
STATUSES = ["GOOD", "FINE", "QC", "BAD", "PICKING", "MOVING"]


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Events with ids of their own, of few SKUs at two locations."""
    count = draw(st.integers(1, 25))
    return [draw(one(f"e{index}")) for index in range(count)]


@st.composite
def one(draw: st.DrawFn, id_: str) -> Event:
    place = draw(st.sampled_from(["berlin", "paris"]))
    fields: Event = {"id": id_, "location": place, "sku": draw(st.sampled_from("ABCDEFG"))}
    fields["kind"] = draw(st.sampled_from([*KINDS, "status_change"]))
    fields["quantity"] = draw(st.integers(0, 9))
    fields["occurred_at"] = f"2026-03-01T{draw(st.integers(0, 12)):02}:00:00Z"
    fields["reference"] = draw(st.sampled_from(["", "r1", "r2"]))
    if fields["kind"] == "status_change":
        fields["from_status"], fields["to_status"] = draw(
            st.tuples(*[st.sampled_from(STATUSES)] * 2)
        )
    if fields["kind"].startswith("transfer"):
        fields["counterpart"] = "paris" if place == "berlin" else "berlin"
    return event(**fields)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Event], list[list[Event]]]:
    """Events, and batches in which each comes at least once."""
    all_ = draw(events())
    again = draw(st.lists(st.sampled_from(all_), max_size=20))
    order = draw(st.permutations([*all_, *again]))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=6)) | {0, len(order)})
    parts = [list(order[a:b]) for a, b in pairwise(cuts)]
    return all_, [part for part in parts if part]


def sent(batches: Sequence[Sequence[Event]]) -> tuple[GateWorld, list[Fate]]:
    world = GateWorld()
    return world, [fate for batch in batches for fate in world.fates(*batch)]


@settings(max_examples=150, deadline=None)
@given(deliveries())
def test_batches_order_and_repeats_do_not_matter(given_: tuple[list[Event], Any]) -> None:
    all_, batches = given_
    expected, _ = sent([all_])
    world, fates = sent(batches)
    found = contents(world.ledger)
    assert sorted(found, key=repr) == sorted(contents(expected.ledger), key=repr)
    assert fates.count(Fate.ACCEPTED) == len(all_)
    assert fates.count(Fate.DUPLICATE) == len(fates) - len(all_)
