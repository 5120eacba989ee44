"""Causes go through shares, kits, packs and caps; ages are judged to the millisecond."""

from tests.unit.explain.telling import NOON, at, but, causes, moved, only, row, sold, stock, told
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import Position, Terms
from trueup.explain.facts import Cause, Component, Push, Stock

SETTLE = 900_000


def test_a_lag_in_one_member_goes_through_its_share() -> None:
    main = stock(20, moved("receipt", 5, "11:55"), share=50)
    finding = only(told(row(12 + 7, 10 + 7, main, stock(7, location="east"))))
    assert (finding.cause, finding.units) == (Cause.LAG, 2)


def test_a_lag_in_several_members_is_of_one_instant() -> None:
    main = stock(20, moved("ship", 1, "11:51"), moved("ship", 1, "11:53"))
    east = stock(20, moved("ship", 2, "11:52", location="east"), location="east")
    finding = only(told(row(36, 39, main, east)))
    assert finding.cause is Cause.LAG
    assert finding.evidence["as_of"] == "2026-05-04T11:51:00.000Z"
    assert finding.evidence["movements"] == ["wms:11:52", "wms:11:53"]


def test_a_missed_movement_of_a_component_goes_through_the_kit() -> None:
    moves = moved("ship", 4, "08:00"), moved("ship", 6, "10:00")
    components = Component("CUP", 2, (stock(20, *moves),)), Component("LID", 1, (stock(30),))
    finding = only(told(row(5, 7, components=components)))
    assert (finding.cause, finding.units) == (Cause.MISSED_EVENT, -2)
    assert finding.evidence["movement"] == "wms:08:00"


def test_orders_of_packs_are_counted_in_packs() -> None:
    facts = row(50, 6, stock(50), terms=Terms(pack_size=6), orders=(sold(12, "11:55", "A"),))
    assert causes(told(facts)) == {Cause.PACK_REMAINDER: 2, Cause.ORDERS_NOT_IMPORTED: 12}


def test_what_a_cap_hides_is_no_cause() -> None:
    facts = row(47, 9, stock(50, moved("ship", 3, "11:55")), terms=Terms(cap=10))
    assert told(facts).unexplained == 1


def test_as_old_as_the_settle_time_is_stale() -> None:
    def lag(captured_at: int) -> Outcome:
        facts = row(17, 20, stock(20, moved("ship", 3, "11:55")), captured_at=captured_at)
        return told(facts).outcome

    assert lag(at("11:55") + SETTLE - 1) is Outcome.EXPLAINED
    assert lag(at("11:55") + SETTLE) is Outcome.EXCEPTION


def test_only_what_is_older_than_the_settle_time_was_missed() -> None:
    def missed(clock: str) -> int:
        moves = moved("ship", 5, clock), moved("ship", 1, "11:59")
        return told(row(14, 19, stock(20, *moves))).unexplained

    assert missed("11:45") == 0
    assert missed("11:46") == -5


def test_a_push_that_was_seen_after_the_capture_was_not_visible_then() -> None:
    push = Push("push-1", 10, at("11:50"), before=4, seen_at=NOON + 1)
    assert only(told(row(10, 4, stock(10), pushes=(push,)))).cause is Cause.PUSH_NOT_VISIBLE
    seen = but(row(10, 4, stock(10)), pushes=(Push("push-1", 10, at("11:50"), 4, NOON),))
    assert only(told(seen)).cause is Cause.OVERWRITTEN


def test_an_older_push_is_not_what_is_waited_for() -> None:
    old = Push("push-1", 10, at("11:50"), before=4)
    newer = Push("push-2", 10, at("11:55"), before=10, seen_at=at("11:56"))
    assert only(told(row(10, 4, stock(10), pushes=(newer, old)))).cause is Cause.OVERWRITTEN


def test_a_tolerated_row_matches_with_the_cause_that_was_found() -> None:
    explanation = told(row(17, 20, stock(20, moved("ship", 3, "10:00")), tolerated=True))
    assert causes(explanation) == {Cause.LAG: -3}
    assert explanation.outcome is Outcome.MATCH
    assert explanation.stale_since is None


def test_stocks_that_do_not_give_what_was_compared_are_no_evidence() -> None:
    facts = row(15, 20, stock(20, moved("ship", 3, "11:55")))
    assert told(facts).unexplained == -5


def test_a_stock_of_which_only_a_count_is_known_lags_no_further_than_that() -> None:
    moves = moved("ship", 1, "07:00"), moved("count", 9, "08:00"), moved("ship", 2, "11:55")
    unknown = Stock("main", 100, None, 0, movements=moves, settle_seconds=900)
    assert only(told(row(7, 9, unknown))).cause is Cause.LAG
    assert told(row(7, 8, unknown)).unexplained == -1


def test_a_count_hides_what_was_missed_before_it() -> None:
    moves = moved("ship", 5, "07:00"), moved("count", 9, "08:00"), moved("ship", 2, "09:00")
    counted = Stock("main", 100, Position(20), at("06:00"), movements=moves, settle_seconds=900)
    assert told(row(7, 12, counted)).unexplained == -5
