"""For the bug where a call takes for ever, or a chain rewritten whole passes for the old one."""

from datetime import timedelta

import pytest

from tests.unit.audit.trails import Trail
from trueup.domain.audit import BLOCK
from trueup.domain.errors import RejectedError
from trueup.domain.tampering import Step, Wrong
from trueup.usecases.audit.chain import head_of
from trueup.usecases.audit.verifying import SECONDS, Books, Verified, verify


def test_a_seller_without_changes_has_an_empty_trail() -> None:
    verified = Trail().verified()
    assert (verified.finding, verified.checked, verified.head.sequence) == (None, 0, 0)


def test_a_chain_over_several_blocks_in_several_calls() -> None:
    trail = Trail()
    trail.grow(BLOCK + 20)
    calls: list[Verified] = []
    cursor = None
    while cursor is not None or not calls:
        calls.append(verify(Books(trail.plain, trail.clock), limit=300, cursor=cursor))
        cursor = calls[-1].cursor
    assert [call.checked for call in calls] == [300, BLOCK + 20 - 300]
    assert all(call.finding is None for call in calls)
    trail.drop(BLOCK)
    late = verify(Books(trail.plain, trail.clock), since=BLOCK - 3)
    assert late.finding is not None
    assert (late.finding.sequence, late.finding.wrong) == (BLOCK, Wrong.MISSING)


def test_a_call_ends_in_time_and_goes_on_with_its_cursor() -> None:
    trail = Trail()
    trail.grow(BLOCK + 20)

    def slow() -> object:
        trail.now += timedelta(seconds=SECONDS + 1)
        return trail.now

    first = verify(Books(trail.plain, slow), limit=10_000)  # type: ignore[arg-type]
    assert first.checked == BLOCK - 1
    second = verify(Books(trail.plain, trail.clock), limit=10_000, cursor=first.cursor)
    assert (second.until, second.finding, second.cursor) == (BLOCK + 20, None, None)


def test_a_record_before_the_first_to_check_must_be_there() -> None:
    trail = Trail()
    trail.grow(5)
    trail.drop(3)
    finding = trail.verified(since=4).finding
    assert finding is not None
    assert (finding.sequence, finding.wrong) == (3, Wrong.MISSING)


def test_a_chain_rewritten_whole_fits_itself_and_not_the_head_that_was_kept() -> None:
    trail = Trail()
    trail.grow(5)
    kept = head_of(trail.plain)
    trail.grow(2)
    assert trail.verified(kept=kept).finding is None
    rewritten = Trail()
    rewritten.grow(7, "somebody")
    assert rewritten.verified().finding is None
    finding = rewritten.verified(kept=kept).finding
    assert finding is not None
    assert (finding.sequence, finding.wrong) == (5, Wrong.ALTERED)
    finding = rewritten.verified(kept=Step(8, kept.hash)).finding
    assert finding is not None
    assert (finding.sequence, finding.wrong) == (8, Wrong.MISSING)


@pytest.mark.parametrize("cursor", ["", "zz", "00", "9401a461636d65"])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(RejectedError):
        verify(Books(Trail().plain, Trail().clock), cursor=cursor or "x")
