"""Slots: who may push at one channel location, and when somebody else may. Pure.

A slot admits a part of a plan when no other is at work there, and when the cooldown of the last
one is over by the clock of whoever asks. Writing the slot is conditional on its version, so of
several who were told that they may, one does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from trueup.domain.force import ForceSlot

BUSY_SECONDS = 30
"""When to ask again where a part is still at work, and its cooldown is over."""

LONGEST_CALL = timedelta(minutes=5)
"""No connector works on a call longer than this, whatever became of who called it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish for a slot at `now`. Seconds: the `cooldown` it starts, the channel's `minimum`.

    `exempt` from the cooldown, it waits only the minimum after the last claim.
    """

    holder: str
    now: datetime
    cooldown: int
    minimum: int = 0
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """What is in a claim's way: a part at work (`holder`; "" only the cooldown), so long."""

    location: str
    holder: str
    seconds: int


def wait_of(slot: ForceSlot, claim: Claim) -> Wait | None:
    """How long a claim has to wait; None: it is admitted."""
    left = seconds_left(ready_at(slot, claim), claim.now)
    if slot.holder:
        return Wait(slot.channel_location, slot.holder, left or BUSY_SECONDS)
    return Wait(slot.channel_location, "", left) if left else None


def ready_at(slot: ForceSlot, claim: Claim) -> datetime | None:
    """From when on the cooldown lets a claim in; None: there is none.

    Nobody is let in before the channel's minimum after what was sent, as it is now, is over, and
    while a call of the last part may be on its way.
    """
    least = _least(slot, claim)
    until = slot.cooling_until
    if claim.exempt and until is not None and least is not None:
        until = least if slot.sent else min(until, least)
    known = (until, least if slot.sent else None, slot.busy_until)
    return max((at for at in known if at is not None), default=None)


def _least(slot: ForceSlot, claim: Claim) -> datetime | None:
    if slot.claimed_at is None:
        return None
    return slot.claimed_at + timedelta(seconds=claim.minimum)


def seconds_left(until: datetime | None, now: datetime) -> int:
    """Whole seconds until then, rounded up; 0: it is over."""
    return 0 if until is None else max(0, ceil((until - now).total_seconds()))


def claimed(slot: ForceSlot, claim: Claim) -> ForceSlot:
    """The slot as the claim holds it. No claim shortens a cooldown that was begun before."""
    until = claim.now + timedelta(seconds=max(claim.cooldown, claim.minimum))
    return slot.model_copy(
        update={
            "holder": claim.holder,
            "sequence": slot.sequence + 1,
            "sent": False,
            "claimed_at": claim.now,
            "cooling_until": max(until, slot.cooling_until or until),
            "cooled_before": slot.cooling_until,
            "busy_until": None,
        }
    )


def freed(slot: ForceSlot, last_call: datetime | None = None) -> ForceSlot:
    """The slot after its part has ended: the cooldown is given back only if nothing was sent.

    `last_call`: when the last call began of which nobody heard. Nobody else is let in before it
    has ended, or it might set its older quantity after theirs. The sequence stays: what was
    claimed once is never claimed again.
    """
    until = slot.cooling_until if slot.sent else slot.cooled_before
    busy = None if last_call is None else last_call + LONGEST_CALL
    return slot.model_copy(update={"holder": "", "cooling_until": until, "busy_until": busy})
