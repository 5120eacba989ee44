"""For the bug where a busy table is hammered, or waited for without end."""

from trueup.adapters.backoff import Backoff


def test_waits_are_bounded_jittered_and_only_between_attempts() -> None:
    waits: list[float] = []
    backoff = Backoff(5, base=1, longest=5, sleep=waits.append, random=lambda: 0.5)
    assert list(backoff.tries()) == [0, 1, 2, 3, 4]
    assert waits == [1, 2, 2.5, 2.5]


def test_success_at_once_does_not_wait() -> None:
    waits: list[float] = []
    assert next(Backoff(sleep=waits.append).tries()) == 0
    assert waits == []
