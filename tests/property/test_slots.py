"""A slot with two holders, a cooldown that somebody slips past, one given back after a sale."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from trueup.domain.force import ForceSlot
from trueup.domain.slots import Claim, claimed, freed, wait_of

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SKEW = timedelta(seconds=5)
"""By so much the clock of whoever asks may be off, either way: two of them by twice that."""

skews = st.integers(-5000, 5000).map(lambda ms: timedelta(milliseconds=ms))
claims = st.builds(
    Claim,
    holder=st.just(""),
    now=st.just(START),
    cooldown=st.integers(0, 2_000),
    minimum=st.integers(0, 300),
    exempt=st.booleans(),
)


def until_of(claim: Claim) -> datetime:
    return claim.now + timedelta(seconds=max(claim.cooldown, claim.minimum))


class OneSlot(RuleBasedStateMachine):
    """A slot, and beside it what was sent, by whose clock."""

    def __init__(self) -> None:
        super().__init__()
        self.true_now = START
        self.slot = ForceSlot(account="eu", channel_location="1")
        self.holder: Claim | None = None
        self.sent: list[Claim] = []
        self.admitted = 0

    @rule(after=st.integers(0, 1_500_000))
    def wait(self, after: int) -> None:
        self.true_now += timedelta(milliseconds=after)

    @rule(wish=claims, skew=skews)
    def ask(self, wish: Claim, skew: timedelta) -> None:
        holder, now = f"P{self.admitted}/all", self.true_now + skew
        claim = Claim(holder, now, wish.cooldown, wish.minimum, wish.exempt)
        waits = wait_of(self.slot, claim)
        if waits is not None:
            assert waits.seconds > 0
            assert waits.holder == self.slot.holder
            self._refused_rightly(claim, waits.seconds)
            return
        self._admitted_rightly(claim)
        self.slot, self.holder = claimed(self.slot, claim), claim
        self.admitted += 1

    def _refused_rightly(self, claim: Claim, seconds: int) -> None:
        """Somebody is at work, or has sent; and after the time that is told, it is free."""
        least = timedelta(seconds=claim.minimum)
        ends = (max(until_of(sent), sent.now + least) for sent in self.sent)
        assert self.holder or any(end > claim.now for end in ends)
        after = claim.now + timedelta(seconds=seconds)
        later = Claim(claim.holder, after, claim.cooldown, claim.minimum, claim.exempt)
        assert self.holder or wait_of(self.slot, later) is None

    def _admitted_rightly(self, claim: Claim) -> None:
        assert self.holder is None
        for sent in self.sent:
            end = until_of(sent)
            if claim.exempt:
                soonest = sent.now + timedelta(seconds=claim.minimum)
                assert claim.now >= min(end, soonest - 2 * SKEW)
            else:
                assert claim.now >= end
                assert self.true_now >= end - SKEW

    @precondition(lambda self: self.holder and not self.slot.sent)
    @rule()
    def send(self) -> None:
        assert self.holder is not None
        self.slot = self.slot.model_copy(update={"sent": True})
        self.sent.append(self.holder)

    @precondition(lambda self: self.holder)
    @rule()
    def end(self) -> None:
        self.slot, self.holder = freed(self.slot), None

    @invariant()
    def it_cools_for_what_was_sent_and_for_who_is_at_work(self) -> None:
        at_work = [self.holder] if self.holder else []
        untils = [until_of(claim) for claim in (*self.sent, *at_work)]
        assert self.slot.cooling_until == max(untils, default=None)

    @invariant()
    def it_has_the_holder_that_was_admitted(self) -> None:
        assert self.slot.holder == (self.holder.holder if self.holder else "")
        assert self.slot.sequence == self.admitted


def test_a_minimum_that_the_channel_has_raised_counts_from_what_was_sent_last() -> None:
    for exempt in (False, True):
        slot = claimed(ForceSlot(account="eu", channel_location="1"), Claim("P1/all", START, 60))
        raised = Claim("P2/all", START + timedelta(seconds=100), 60, 300, exempt)
        wait = wait_of(freed(slot.model_copy(update={"sent": True})), raised)
        assert wait is not None
        assert wait.seconds == 200
        assert wait_of(freed(slot), raised) is None  # nothing was sent


OneSlot.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestOneSlot = OneSlot.TestCase
