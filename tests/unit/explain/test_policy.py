"""What the terms take off or add between sellable and publishable."""

from tests.unit.explain.telling import but, causes, row, told
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import Terms
from trueup.explain.facts import Cause


def test_a_buffer_is_kept_back_and_the_row_matches() -> None:
    explanation = told(row(10, 7, terms=Terms(buffer=3)))
    assert causes(explanation) == {Cause.BUFFER: 3}
    assert explanation.outcome is Outcome.MATCH
    assert explanation.unexplained == 0


def test_a_back_order_limit_lets_the_channel_show_more() -> None:
    assert causes(told(row(2, 7, terms=Terms(backorder=5)))) == {Cause.BACKORDER: -5}


def test_an_allocation_leaves_others_their_part() -> None:
    assert causes(told(row(9, 4, terms=Terms(allocation=50)))) == {Cause.ALLOCATION: 5}


def test_what_does_not_fill_a_pack_is_left_over() -> None:
    assert causes(told(row(20, 3, terms=Terms(pack_size=6)))) == {Cause.PACK_REMAINDER: 2}


def test_a_cap_is_counted_in_packs() -> None:
    terms = Terms(pack_size=6, cap=2)
    assert causes(told(row(20, 2, terms=terms))) == {Cause.PACK_REMAINDER: 2, Cause.CAP: 6}


def test_a_channel_cannot_show_less_than_nothing() -> None:
    assert causes(told(row(-4, 0))) == {Cause.FLOOR_AT_ZERO: -4}


def test_all_terms_together_add_up() -> None:
    terms = Terms(pack_size=6, buffer=4, backorder=2, cap=3, allocation=80)
    assert causes(told(row(50, 3, terms=terms))) == {
        Cause.ALLOCATION: 10,
        Cause.BUFFER: 4,
        Cause.BACKORDER: -2,
        Cause.PACK_REMAINDER: 2,
        Cause.CAP: 18,
    }


def test_a_tolerated_row_matches_and_its_gap_is_still_counted() -> None:
    explanation = told(row(10, 8, tolerated=True))
    assert explanation.outcome is Outcome.MATCH
    assert explanation.unexplained == 2


def test_a_gap_that_terms_alone_seem_to_explain_is_an_exception() -> None:
    told_otherwise = but(row(10, 8, terms=Terms(buffer=2)), publishable=7)
    assert told(told_otherwise).outcome is Outcome.EXCEPTION
