"""One row for each cause between what is publishable and what the channel shows."""

from tests.unit.explain.telling import NOON, at, but, moved, only, row, sold, stock, told
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import Position, Terms
from trueup.explain.facts import Capture, Cause, Component, Push, Sibling, Snapshot

SETTLED = "2026-05-04T12:05:00.000Z"


def test_our_push_does_not_show_yet() -> None:
    push = Push("push-1", 10, at("11:50"), before=4)
    explanation = told(row(10, 4, stock(10), pushes=(push,)))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.PUSH_NOT_VISIBLE, 6)
    assert finding.evidence["push"] == "push-1"
    assert explanation.outcome is Outcome.EXPLAINED
    assert explanation.settling_until == at("12:05")


def test_our_push_does_not_show_for_too_long() -> None:
    push = Push("push-1", 10, at("11:30"), before=4)
    explanation = told(row(10, 4, stock(10), pushes=(push,)))
    assert only(explanation).evidence["stale_since"] == "2026-05-04T11:45:00.000Z"
    assert explanation.outcome is Outcome.EXCEPTION
    assert explanation.stale_since == at("11:45")
    assert explanation.settling_until is None


def test_the_previous_capture_says_what_was_shown_before_a_push() -> None:
    before = Capture(at("11:00"), 4, 10, matched=False)
    facts = row(10, 4, stock(10), pushes=(Push("p", 10, at("11:50")),), previous=before)
    assert only(told(facts)).cause is Cause.PUSH_NOT_VISIBLE


def test_so_does_the_push_before_it() -> None:
    older = Push("p-1", 6, at("08:00"), seen_at=at("08:01")), Push("p-0", 1, at("07:00"))
    newest = Push("p-2", 10, at("11:50"))
    before = Capture(at("11:00"), 4, 10, matched=False)
    facts = row(10, 6, stock(10), pushes=(*older, newest), previous=before)
    assert only(told(facts)).cause is Cause.PUSH_NOT_VISIBLE
    assert only(told(but(facts, reported=4))).evidence["before"] == 4
    assert told(but(facts, reported=1)).findings == ()


def test_the_channel_lags_behind() -> None:
    sale, receipt = moved("ship", 3, "11:50"), moved("receipt", 10, "11:55")
    explanation = told(row(27, 20, stock(20, sale, receipt)))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.LAG, 7)
    assert finding.evidence == {
        "as_of": "2026-05-04T06:00:00.000Z",
        "oldest_unseen": "2026-05-04T11:50:00.000Z",
        "unseen": 2,
        "movements": ["wms:11:50", "wms:11:55"],
        "settling_until": SETTLED,
    }
    assert explanation.outcome is Outcome.EXPLAINED


def test_the_channel_lags_behind_for_too_long() -> None:
    sales = moved("ship", 1, "10:00"), moved("ship", 3, "11:50")
    explanation = told(row(16, 20, stock(20, *sales)))
    assert only(explanation).cause is Cause.LAG
    assert explanation.outcome is Outcome.EXCEPTION
    assert explanation.stale_since == at("10:15")


def test_the_channel_missed_a_movement() -> None:
    moves = moved("ship", 2, "08:00"), moved("ship", 5, "09:00"), moved("ship", 1, "11:00")
    explanation = told(row(12, 17, stock(20, *moves)))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.MISSED_EVENT, -5)
    assert finding.evidence["movement"] == "wms:09:00"
    assert explanation.outcome is Outcome.EXCEPTION


def test_what_came_last_is_unseen_not_missed() -> None:
    moves = moved("ship", 2, "08:00"), moved("ship", 5, "11:00")
    assert only(told(row(13, 18, stock(20, *moves)))).cause is Cause.LAG


def test_the_channel_counted_a_movement_twice() -> None:
    moves = moved("receipt", 2, "08:00"), moved("ship", 5, "09:00"), moved("receipt", 1, "11:00")
    explanation = told(row(18, 13, stock(20, *moves)))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.DUPLICATE_EVENT, 5)
    assert finding.evidence["movement"] == "wms:09:00"
    assert explanation.outcome is Outcome.EXCEPTION


def test_a_count_that_was_missed() -> None:
    moves = moved("count", 12, "08:00"), moved("ship", 3, "09:00")
    finding = only(told(row(9, 17, stock(20, *moves))))
    assert finding.cause is Cause.MISSED_EVENT
    assert finding.evidence["movement"] == "wms:08:00"


def test_the_channel_sold_what_we_have_not_imported() -> None:
    orders = sold(2, "11:50", "A-1"), sold(1, "11:55", "A-2"), sold(4, "11:00", "A-0")
    facts = row(20, 17, stock(20), orders=orders, order_references=frozenset({"A-0"}))
    explanation = told(facts)
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.ORDERS_NOT_IMPORTED, 3)
    assert finding.evidence["orders"] == ["A-1", "A-2"]
    assert explanation.outcome is Outcome.EXPLAINED
    assert explanation.settling_until == at("12:05")


def test_an_order_that_was_reserved_and_shipped_counts_once() -> None:
    shipped = moved("ship", 2, "11:58", "A-1", source="feed", id="s", claim=True)
    facts = row(20, 18, stock(20), orders=(sold(2, "11:50", "A-1"), shipped))
    assert only(told(facts)).units == 2


def test_a_cap_does_not_hold_back_what_the_channel_sold() -> None:
    facts = row(100, 8, stock(100), terms=Terms(cap=10), orders=(sold(2, "11:50", "A-1"),))
    assert told(facts).findings[-1].cause is Cause.ORDERS_NOT_IMPORTED


def test_the_channel_sold_before_our_ledger_dates_the_order() -> None:
    later = moved("reserve", 2, "12:01", "A-1"), moved("reserve", 1, "12:02", "A-2")
    explanation = told(row(20, 18, stock(20, *later)))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.CHANNEL_SOLD, 2)
    assert finding.evidence["orders"] == ["A-1"]
    assert explanation.outcome is Outcome.EXPLAINED
    assert explanation.settling_until is None


def test_what_the_channel_sold_comes_off_through_the_terms_or_after_them() -> None:
    later = moved("reserve", 2, "12:01", "A-1"), moved("reserve", 6, "12:02", "A-2")
    for shows in (8, 2):  # no cap holds these back
        facts = row(100, shows, stock(100, *later), terms=Terms(cap=10))
        assert told(facts).findings[-1].cause is Cause.CHANNEL_SOLD
    shared = row(10, 8, stock(20, *later, share=50))
    assert only(told(shared)).evidence["orders"] == ["A-1"]
    assert only(told(but(shared, reported=9))).evidence["orders"] == ["A-1"]
    packs = row(100, 7, stock(100, *later), terms=Terms(pack_size=10, cap=8))
    assert told(packs).unexplained == 10


def test_the_channel_counts_goods_in_transit() -> None:
    explanation = told(row(20, 26, stock(20, in_transit=6)))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.IN_TRANSIT, -6)
    assert explanation.outcome is Outcome.EXCEPTION


def test_the_channel_counts_goods_on_hold_or_damaged_or_both() -> None:
    kept = stock(20, on_hold=3, damaged=4)
    assert only(told(row(13, 16, kept))).evidence == {"on_hold": 3}
    assert only(told(row(13, 17, kept))).evidence == {"damaged": 4}
    both = only(told(row(13, 20, kept)))
    assert both.cause is Cause.HOLD_SHOWN
    assert both.evidence == {"on_hold": 3, "damaged": 4}


def test_the_channel_takes_off_again_what_it_says_is_allocated() -> None:
    finding = only(told(row(20, 15, stock(20), allocated=5)))
    assert (finding.cause, finding.units) == (Cause.RESERVATION_TWICE, 5)


def test_the_channel_takes_off_again_what_its_open_orders_reserve() -> None:
    moves = moved("reserve", 4, "08:00", "A-1"), moved("reserve", 2, "09:00", "A-2")
    ship = moved("ship", 4, "10:00", "A-1")
    orders = sold(4, "08:00", "A-1"), sold(2, "09:00", "A-2")
    known = frozenset({"A-1", "A-2"})
    facts = row(14, 12, stock(20, *moves, ship), orders=orders, order_references=known)
    finding = only(told(facts))
    assert (finding.cause, finding.units) == (Cause.RESERVATION_TWICE, 2)
    assert finding.evidence["orders"] == ["A-2"]
    assert finding.evidence["also"] == ["duplicate_event"]


def test_an_order_that_our_ledger_dates_after_the_capture_was_not_taken_off_twice() -> None:
    late = moved("reserve", 4, "12:05", "A-1")
    facts = row(20, 16, stock(20, late), orders=(sold(4, "11:59", "A-1"),))
    finding = only(told(but(facts, order_references=frozenset({"A-1"}))))
    assert finding.cause is Cause.CHANNEL_SOLD
    assert "also" not in finding.evidence


def test_kits_that_are_reserved_are_taken_off_twice_while_components_are() -> None:
    reserved = moved("reserve", 4, "08:00", "A-1")
    parts = Component("CUP", 2, (stock(20, reserved),)), Component("LID", 1, (stock(30),))
    facts = row(8, 6, components=parts, orders=(sold(2, "08:00", "A-1"),))
    known = but(facts, order_references=frozenset({"A-1"}))
    assert only(told(known)).cause is Cause.RESERVATION_TWICE
    shipped = Component("CUP", 2, (stock(20, reserved, moved("ship", 4, "09:00", "A-1")),))
    closed = only(told(but(known, components=(shipped, parts[1]))))
    assert (closed.cause, "also" in closed.evidence) == (Cause.DUPLICATE_EVENT, False)


def test_another_writer_overwrote_our_push() -> None:
    push = Push("push-1", 20, at("10:00"), before=9, seen_at=at("10:01"))
    explanation = told(row(20, 13, stock(20), pushes=(push,)))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.OVERWRITTEN, 7)
    assert finding.evidence["push"] == "push-1"
    assert explanation.outcome is Outcome.EXCEPTION


def test_a_hand_if_our_push_was_right_at_a_capture_else_another_writer() -> None:
    push = Push("push-1", 20, at("10:00"), before=9, seen_at=at("11:00"))
    right = Capture(at("11:00"), 20, 20, matched=True)
    edited = only(told(row(20, 13, stock(20), pushes=(push,), previous=right)))
    assert (edited.cause, edited.evidence["also"]) == (Cause.HAND_EDIT, ["overwritten"])
    later = Push("push-1", 20, at("10:00"), before=9, seen_at=at("11:01"))
    facts = row(20, 13, stock(20), pushes=(later,), previous=right)
    assert only(told(facts)).cause is Cause.OVERWRITTEN


def test_somebody_edited_the_quantity_by_hand() -> None:
    before = Capture(at("11:00"), 20, 20, matched=True)
    explanation = told(row(20, 13, stock(20), previous=before))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.HAND_EDIT, 7)
    assert finding.evidence["reported_then"] == 20
    assert explanation.outcome is Outcome.EXCEPTION


def test_where_something_happened_between_captures_it_was_no_hand() -> None:
    before = Capture(at("11:00"), 20, 20, matched=True)
    facts = row(18, 13, stock(20, moved("ship", 2, "11:30")), previous=before)
    assert told(facts).unexplained == 5


def test_packs_are_counted_as_units_or_units_as_packs() -> None:
    terms = Terms(pack_size=6)
    for shows in (48, 50, 1):
        finding = told(row(50, shows, stock(50), terms=terms)).findings[-1]
        assert (finding.cause, finding.units) == (Cause.PACK_AS_UNITS, (8 - shows) * 6)
    rounded_down = told(row(30, 0, stock(30), terms=terms)).findings[-1]
    assert (rounded_down.cause, rounded_down.units) == (Cause.PACK_AS_UNITS, 30)


def test_two_locations_are_swapped() -> None:
    siblings = Sibling("east", 7, 7), Sibling("west", 12, 20)
    finding = only(told(row(20, 12, stock(20), siblings=siblings)))
    assert (finding.cause, finding.units) == (Cause.SWAPPED_LOCATIONS, 8)
    assert finding.evidence["location"] == "west"


def test_a_kit_is_counted_without_its_scarcest_component() -> None:
    components = Component("CUP", 2, (stock(10),)), Component("LID", 1, (stock(9),))
    finding = only(told(row(5, 9, components=components)))
    assert (finding.cause, finding.units) == (Cause.KIT_COMPONENT, -4)
    assert finding.evidence["component"] == "CUP"


def test_a_member_of_a_pool_is_left_out_or_counted_alone() -> None:
    members = stock(10), stock(5, location="east"), stock(3, location="west")
    left_out = only(told(row(18, 13, *members)))
    assert (left_out.cause, left_out.evidence) == (Cause.POOL, {"left_out": "east"})
    alone = only(told(row(18, 3, *members)))
    assert alone.evidence == {"counted_alone": "west"}


def test_stock_moved_between_two_snapshots() -> None:
    early, late = (Snapshot(at(t), Position(q)) for t, q in (("06:00", 20), ("18:00", 12)))
    snapshots = stock(20, snapshots=(early, late), snapshots_only=True)
    explanation = told(row(20, 15, snapshots))
    finding = only(explanation)
    assert (finding.cause, finding.units) == (Cause.MOVED_BETWEEN_SNAPSHOTS, 5)
    assert explanation.outcome is Outcome.EXPLAINED
    again = told(row(20, 15, snapshots, captures=2))
    assert only(again).cause is Cause.MOVED_BETWEEN_SNAPSHOTS
    assert again.outcome is Outcome.EXCEPTION
    assert told(row(20, 11, snapshots)).unexplained == 9


def test_where_only_snapshots_tell_nothing_moved_if_the_next_says_the_same() -> None:
    before = Capture(at("11:00"), 20, 20, matched=True)
    early, same = Snapshot(at("06:00"), Position(20)), Snapshot(at("18:00"), Position(20))
    waiting = stock(20, snapshots=(early,), snapshots_only=True)
    assert only(told(row(20, 15, waiting, previous=before))).cause is Cause.MOVED_BETWEEN_SNAPSHOTS
    known = stock(20, snapshots=(early, same), snapshots_only=True)
    assert only(told(row(20, 15, known, previous=before))).cause is Cause.HAND_EDIT


def test_the_next_snapshot_is_still_missing() -> None:
    early = Snapshot(at("06:00"), Position(20))
    facts = row(20, 25, stock(20, snapshots=(early,), snapshots_only=True))
    assert only(told(facts)).cause is Cause.MOVED_BETWEEN_SNAPSHOTS


def test_without_any_evidence_nothing_is_guessed() -> None:
    explanation = told(row(20, 13))
    assert explanation.findings == ()
    assert explanation.unexplained == 7
    assert explanation.outcome is Outcome.EXCEPTION


def test_ages_are_as_of_the_capture_however_late_it_is_explained() -> None:
    facts = row(17, 20, stock(20, moved("ship", 3, "11:50")))
    assert told(but(facts, now=NOON + 86_400_000)) == told(facts)
