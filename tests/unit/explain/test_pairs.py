"""Two causes together, and rows of which it is honest to say that they are not explained."""

from tests.unit.explain.telling import at, but, causes, moved, row, sold, stock, told
from trueup.domain.movements import Movement
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import Terms
from trueup.explain.facts import Capture, Cause, Push

SALE = moved("ship", 40, "11:50")
RECEIPTS = moved("receipt", 7, "08:00"), moved("receipt", 100, "09:00")


def test_a_pending_push_and_orders_that_we_lack() -> None:
    push = Push("push-1", 120, at("11:50"), before=80)
    explanation = told(row(120, 77, stock(120), pushes=(push,), orders=(sold(3, "11:55", "A"),)))
    assert causes(explanation) == {Cause.PUSH_NOT_VISIBLE: 40, Cause.ORDERS_NOT_IMPORTED: 3}
    assert explanation.outcome is Outcome.EXPLAINED
    assert explanation.settling_until == at("12:05")


def test_goods_in_transit_and_goods_on_hold() -> None:
    explanation = told(row(90, 106, stock(95, on_hold=5, in_transit=11)))
    assert causes(explanation) == {Cause.IN_TRANSIT: -11, Cause.HOLD_SHOWN: -5}
    assert explanation.unexplained == 0
    assert explanation.outcome is Outcome.EXCEPTION


def test_orders_that_we_lack_and_movements_not_seen_yet() -> None:
    explanation = told(row(80, 117, stock(120, SALE), orders=(sold(3, "11:55", "A"),)))
    assert causes(explanation) == {Cause.ORDERS_NOT_IMPORTED: 3, Cause.LAG: -40}
    assert explanation.outcome is Outcome.EXPLAINED


def test_orders_that_we_lack_and_a_movement_counted_twice() -> None:
    moves = moved("receipt", 7, "09:00"), moved("ship", 2, "10:00")
    explanation = told(row(105, 109, stock(100, *moves), orders=(sold(3, "11:55", "A"),)))
    assert causes(explanation) == {Cause.ORDERS_NOT_IMPORTED: 3, Cause.DUPLICATE_EVENT: -7}
    assert explanation.outcome is Outcome.EXCEPTION


def test_movements_not_seen_yet_and_one_missed_long_before() -> None:
    explanation = told(row(167, 200, stock(100, *RECEIPTS, SALE)))
    assert causes(explanation) == {Cause.LAG: -40, Cause.MISSED_EVENT: 7}
    assert explanation.outcome is Outcome.EXCEPTION
    assert explanation.settling_until is None


def test_a_push_since_which_stock_moved_is_overwritten_only_if_no_pair_explains() -> None:
    push = Push("push-1", 100, at("07:00"), before=9, seen_at=at("07:01"))
    paired = row(167, 200, stock(100, *RECEIPTS, SALE), pushes=(push,))
    assert set(causes(told(paired))) == {Cause.LAG, Cause.MISSED_EVENT}
    other = row(167, 3, stock(100, *RECEIPTS, SALE), pushes=(push,))
    assert causes(told(other)) == {Cause.OVERWRITTEN: 164}
    between = Push("push-2", 107, at("08:30"), before=9, seen_at=at("08:31"))
    known = row(167, 200, stock(100, *RECEIPTS, SALE), pushes=(push, between))
    assert causes(told(known)) == {Cause.OVERWRITTEN: -33}


def test_goods_in_transit_are_those_as_of_the_lag() -> None:
    """Four more came under way after the sale of which the channel does not know."""
    later = moved("inbound", 4, "11:55", "T-1")
    stocked = stock(120, moved("receipt", 30, "07:00"), SALE, later, in_transit=6)
    explanation = told(row(110, 156, stocked))
    assert causes(explanation) == {Cause.LAG: -40, Cause.IN_TRANSIT: -6}
    assert explanation.findings[-1].evidence == {
        "in_transit": 6,
        "as_of": "2026-05-04T07:00:00.000Z",
    }
    assert told(row(110, 160, stocked)).findings == ()


def test_reservations_with_a_lag_are_those_that_were_open_then_and_are_still() -> None:
    moves = moved("reserve", 7, "08:00", "A-1"), moved("receipt", 30, "09:00"), SALE
    stocked = stock(150, *moves)
    facts = row(133, 166, stocked, orders=(sold(7, "08:00", "A-1"),))
    facts = but(facts, order_references=frozenset({"A-1"}))
    assert causes(told(facts)) == {Cause.LAG: -40, Cause.RESERVATION_TWICE: 7}
    since = stock(150, *moves, moved("release", 2, "11:55", "A-1"))
    now = but(facts, stocks=(since,), sellable=135, publishable=135)
    assert Cause.RESERVATION_TWICE not in causes(told(now))


def test_the_first_of_the_list_takes_its_effect_alone_and_the_second_the_rest() -> None:
    """Alone either would show 8 more; under the cap there is room for 10."""
    stocked = stock(130, moved("ship", 8, "11:50"), in_transit=8)
    explanation = told(row(122, 132, stocked, terms=Terms(cap=132)))
    shares = [(finding.cause, finding.units) for finding in explanation.findings]
    assert shares == [(Cause.LAG, -8), (Cause.IN_TRANSIT, -2)]


def test_a_sale_that_our_ledger_dates_later_and_goods_on_hold() -> None:
    late = moved("reserve", 3, "12:01", "A-1")
    explanation = told(row(80, 88, stock(91, late, on_hold=11)))
    assert causes(explanation) == {Cause.CHANNEL_SOLD: 3, Cause.HOLD_SHOWN: -11}
    assert explanation.outcome is Outcome.EXCEPTION


def test_a_sale_that_our_ledger_dates_later_and_movements_not_seen_yet() -> None:
    late = moved("reserve", 3, "12:01", "A-1")
    explanation = told(row(80, 117, stock(120, SALE, late)))
    assert causes(explanation) == {Cause.CHANNEL_SOLD: 3, Cause.LAG: -40}
    assert explanation.outcome is Outcome.EXPLAINED


def test_one_cause_is_preferred_to_two() -> None:
    before = Capture(at("11:00"), 90, 90, matched=True)
    edited = told(row(90, 106, stock(95, on_hold=5, in_transit=11), previous=before))
    assert causes(edited) == {Cause.HAND_EDIT: -16}


def test_two_pairs_that_fit_explain_nothing() -> None:
    """In transit with the order, or on hold with it: the same number."""
    facts = row(90, 92, stock(95, on_hold=5, in_transit=5), orders=(sold(3, "11:55", "A"),))
    explanation = told(facts)
    assert explanation.unexplained == -2
    assert explanation.findings == ()


def test_where_many_movements_would_fit_by_chance_no_pair_is_sought() -> None:
    moves = [moved("ship", n, f"{7 + n // 4:02}:{n % 4 * 10:02}") for n in range(1, 12)]
    total = sum(movement.quantity for movement in moves)
    fits_by_chance = moves[1].quantity - moves[8].quantity
    explanation = told(row(100 - total, 100 - total + fits_by_chance, stock(100, *moves)))
    assert len(explanation.findings) <= 1


def test_orders_that_we_lack_are_a_fact_even_where_more_is_unexplained() -> None:
    explanation = told(row(90, 70, stock(90), orders=(sold(3, "11:55", "A"),)))
    assert causes(explanation) == {Cause.ORDERS_NOT_IMPORTED: 3}
    assert explanation.unexplained == 17
    assert explanation.outcome is Outcome.EXCEPTION
    assert explanation.settling_until is None


def test_of_ties_the_first_of_the_list_is_given_and_the_others_named() -> None:
    moves: tuple[Movement, ...] = moved("receipt", 4, "08:00"), moved("receipt", 2, "09:00")
    finding = told(row(20, 24, stock(14, *moves, in_transit=4))).findings[0]
    assert finding.cause is Cause.DUPLICATE_EVENT
    assert finding.evidence["also"] == ["in_transit"]


def test_of_ties_a_capture_that_was_right_speaks_against_what_is_older() -> None:
    moves = moved("receipt", 4, "08:00"), moved("receipt", 2, "09:00")
    facts = row(20, 24, stock(14, *moves, in_transit=4))

    def told_after(clock: str, showed: int = 20) -> tuple[Cause, object]:
        before = Capture(at(clock), showed, 20, matched=showed == 20)
        finding = told(but(facts, previous=before)).findings[0]
        return finding.cause, finding.evidence["also"]

    assert told_after("10:00") == (Cause.IN_TRANSIT, ["duplicate_event"])
    assert told_after("08:15") == (Cause.IN_TRANSIT, ["duplicate_event"])
    assert told_after("08:14") == (Cause.DUPLICATE_EVENT, ["in_transit"])
    assert told_after("10:00", showed=24) == (Cause.DUPLICATE_EVENT, ["in_transit"])


def test_what_nothing_rivals_is_given_though_the_capture_before_was_right() -> None:
    before = Capture(at("10:00"), 20, 20, matched=True)
    moves = moved("receipt", 4, "08:00"), moved("receipt", 2, "09:00"), moved("ship", 9, "11:00")
    facts = row(11, 15, stock(14, *moves), previous=before)
    assert set(causes(told(facts))) == {Cause.DUPLICATE_EVENT}


def test_other_movements_that_would_do_as_well_are_named() -> None:
    moves = [moved("receipt", 4, clock) for clock in ("08:00", "09:00", "10:00")]
    finding = told(row(26, 22, stock(10, *moves, moved("receipt", 4, "11:00")))).findings[0]
    assert finding.cause is Cause.LAG
    last = moved("receipt", 1, "11:00")
    finding = told(row(23, 19, stock(10, *moves, last))).findings[0]
    assert finding.cause is Cause.MISSED_EVENT
    assert finding.evidence["movement"] == "wms:10:00"
    assert finding.evidence["others"] == ["wms:09:00", "wms:08:00"]


def test_a_movement_inside_a_full_pack_changes_nothing_that_shows() -> None:
    facts = row(23, 2, stock(20, moved("receipt", 3, "11:55")), terms=Terms(pack_size=6))
    assert told(facts).unexplained == 6
