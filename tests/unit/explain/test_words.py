"""What people read."""

from tests.unit.explain.telling import NOON, at, moved, row, sold, stock, told
from trueup.domain.stock import Terms
from trueup.explain.facts import Facts, Push
from trueup.explain.words import sentences


def said(facts: Facts) -> list[str]:
    return sentences(told(facts), facts.captured_at)


def test_a_lag_says_as_of_when_and_until_when() -> None:
    sales = moved("ship", 1, "10:42"), moved("ship", 1, "11:50"), moved("ship", 2, "11:51")
    assert said(row(16, 19, stock(20, *sales))) == [
        (
            "The channel shows your stock as of 10:42; it has not seen 2 movements since. "
            "Settling until 12:05."
        )
    ]


def test_another_day_is_named() -> None:
    early = row(19, 20, stock(20, moved("ship", 1, "10:42")), captured_at=NOON + 86_400_000)
    assert said(early) == [
        (
            "The channel shows your stock as of 06:00 on 4 May 2026; it has not seen 1 movement "
            "since. Stale since 10:57 on 4 May 2026."
        )
    ]


def test_a_push_and_orders() -> None:
    push = Push("push-1", 120, at("11:50"), before=80)
    facts = row(120, 77, stock(120), pushes=(push,), orders=(sold(3, "11:55", "A-1"),))
    assert said(facts) == [
        "We set 120, accepted at 11:50; the channel still shows 80. Settling until 12:05.",
        (
            "The channel sold 3 units in 1 order that your ledger does not have: A-1. "
            "Settling until 12:10."
        ),
    ]


def test_terms_and_what_is_not_explained() -> None:
    facts = row(23, 2, stock(23), terms=Terms(pack_size=6, buffer=1))
    assert said(facts) == [
        "1 unit kept back as a buffer.",
        "4 units left over of full packs of 6.",
        "6 units not explained.",
    ]


def test_a_movement_is_named_with_its_kind_and_time() -> None:
    moves = moved("transfer_in", 2, "08:00"), moved("ship", 5, "11:00")
    missed = said(row(16, 14, stock(20, *moves, moved("ship", 1, "11:30"))))
    assert missed == [
        "The channel missed the transfer in wms:08:00 of 08:00; it has seen later ones."
    ]


def test_parts_that_are_not_for_sale() -> None:
    assert said(row(13, 20, stock(20, on_hold=3, damaged=4))) == [
        "The channel counts 3 units on hold and 4 units damaged as sellable."
    ]
