"""What every connector must do when it is to set quantities, or cannot."""

from collections.abc import Iterator

import pytest

from tests.contract.channels.subject import Subject
from trueup.channel.contract import Abilities, Budget, Observation, PushRow

NO_ITEM = "no such item"
IMMEDIATE = ("applied", "stale", "rejected", "unknown")


class Shelf:
    """Two items that can be set, as the channel shows them, in the sense that it takes."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.abilities: Abilities = subject.describe().abilities
        self._pushed = 0
        settable = (
            row for row in subject.walk().rows if not row.read_only and (row.quantity or -1) >= 0
        )
        self.items = [row for row, _ in zip(settable, range(2), strict=False)]
        assert len(self.items) > 1, "the account under test needs two items that can be set"

    def shown(self, row: Observation) -> int:
        assert row.quantity is not None
        if self.abilities.takes == self.abilities.reports:
            return row.quantity
        signed = row.allocated if self.abilities.takes == "on_hand" else -row.allocated
        return row.quantity + signed

    def now(self, row: Observation) -> int:
        found = self.subject.walk(keys=[row.key]).by_place
        return self.shown(found[row.location, row.key])

    def order(self, row: Observation, more: int, expected: int | None = None) -> PushRow:
        """Set an item `more` units above what it showed."""
        self._pushed += 1
        shown = self.shown(row)
        return PushRow(
            key=row.key,
            location=row.location,
            quantity=shown + more,
            expected=shown if expected is None else expected,
            idempotency_key=f"conformance-{id(self)}-{self._pushed}",
            product_id=row.product_id,
        )

    def put_back(self) -> None:
        for row in self.items:
            shown, now = self.shown(row), self.now(row)
            if now != shown:
                self.subject.push([self.order(row, 0, expected=now)])


class PushConformance:
    @pytest.fixture
    def shelf(self, subject: Subject) -> Iterator[Shelf]:
        abilities = subject.describe().abilities
        if not abilities.can_push:
            pytest.skip("this account cannot be pushed to; see the test that it says so")
        if not subject.may_push:
            pytest.skip("the suite was not allowed to push (--connector-push)")
        shelf = Shelf(subject)
        yield shelf
        shelf.put_back()

    def test_nothing_is_pushed_where_push_is_unsupported(self, subject: Subject) -> None:
        if subject.describe().abilities.can_push:
            pytest.skip("this account can be pushed to; the other tests are about it")
        row = next(row for row in subject.walk().rows if row.quantity is not None)
        assert row.quantity is not None
        order = PushRow(
            key=row.key,
            location=row.location,
            quantity=max(0, row.quantity + 1),
            expected=row.quantity,
            idempotency_key="conformance-unsupported",
        )
        answer = subject.push([order])
        assert answer.outcome == "unsupported"
        assert answer.reason
        assert not answer.results
        assert subject.walk(keys=[row.key]).by_place[row.location, row.key] == row

    def test_no_rows_are_no_work(self, shelf: Shelf) -> None:
        answer = shelf.subject.push([])
        assert (answer.outcome, answer.results) == ("ok", [])

    def test_a_row_is_set_and_its_result_says_so(self, shelf: Shelf) -> None:
        row = shelf.items[0]
        (result,) = shelf.subject.push([shelf.order(row, 1)]).results
        if shelf.abilities.submits:
            assert (result.outcome, bool(result.batch)) == ("submitted", True)
            return
        shown = shelf.shown(row)
        assert (result.outcome, result.before, result.after) == ("applied", shown, shown + 1)
        assert shelf.now(row) == shown + 1

    def test_a_row_that_changed_is_not_overwritten(self, shelf: Shelf) -> None:
        if shelf.abilities.submits:
            pytest.skip("this channel compares after it has answered")
        row = shelf.items[0]
        shown = shelf.shown(row)
        (result,) = shelf.subject.push([shelf.order(row, 5, expected=shown + 1)]).results
        assert (result.outcome, result.before) == ("stale", shown)
        assert shelf.now(row) == shown

    def test_one_bad_row_does_not_lose_the_others(self, shelf: Shelf) -> None:
        one, two = shelf.items
        bad = PushRow(
            key=NO_ITEM,
            location=one.location,
            quantity=1,
            expected=0,
            idempotency_key=f"conformance-bad-{id(shelf)}",
        )
        rows = [shelf.order(one, 1), bad, shelf.order(two, 2)]
        answer = shelf.subject.push(rows)
        good = "submitted" if shelf.abilities.submits else "applied"
        outcomes = [result.outcome for result in answer.results]
        assert outcomes in ([good, "rejected", good], ["submitted"] * 3)
        assert all(result.reason for result in answer.results if result.outcome == "rejected")
        if not shelf.abilities.submits:
            assert [shelf.now(one), shelf.now(two)] == [rows[0].quantity, rows[2].quantity]

    def test_the_same_row_again_has_no_second_effect(self, shelf: Shelf) -> None:
        row = shelf.items[0]
        order = shelf.order(row, 1)
        first = shelf.subject.push([order])
        again = shelf.subject.push([order])
        if shelf.abilities.idempotent:
            assert again.results == first.results
        assert shelf.abilities.submits or shelf.now(row) == order.quantity

    def test_little_time_pushes_a_row_at_least(self, shelf: Shelf) -> None:
        orders = [shelf.order(row, 1) for row in shelf.items]
        answer = shelf.subject.push(orders, Budget(milliseconds=1, calls=1))
        assert len(answer.results) == len(orders)
        assert answer.results[0].outcome != "not_sent"

    def test_check_of_what_was_pushed(self, shelf: Shelf) -> None:
        if not shelf.abilities.submits:
            assert shelf.subject.check(["no-such-batch"]).outcome == "unsupported"
            return
        (result,) = shelf.subject.push([shelf.order(shelf.items[0], 1)]).results
        answer = shelf.subject.check([result.batch, "no-such-batch"])
        assert [state.batch for state in answer.batches] == [result.batch, "no-such-batch"]
        assert answer.batches[0].state in ("pending", "applied")
        assert answer.batches[1].state == "unknown"
