"""Two causes together, and rows of which it is honest to say that they are not explained."""

from tests.unit.explain.telling import at, causes, moved, row, sold, stock, told
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
