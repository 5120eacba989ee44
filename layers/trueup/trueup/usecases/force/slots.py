"""Claiming the slots of a part of a plan, all or none; and how they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from trueup.domain.accounts import Account, ChannelLocation
from trueup.domain.errors import CoolingError, Fault
from trueup.domain.force import (
    ForcePlan,
    ForceSettings,
    ForceSlot,
    PlanKind,
    Share,
    holder_of,
)
from trueup.domain.slots import Claim, Wait, claimed, seconds_left, wait_of
from trueup.domain.time import Clock
from trueup.ports import Create, Registry, Replace, Stored
from trueup.usecases.force.settings import cooldown_of, minimum_of, settings_of
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

Claiming = Create | Replace


@dataclass(frozen=True, slots=True)
class Party:
    """A part of a plan that wants the slots of its locations at `now`."""

    account: Account
    settings: ForceSettings
    plan: ForcePlan
    share: Share
    now: datetime

    @property
    def locations(self) -> list[str]:
        """Those with rows in the part; the others stay free for whoever needs them."""
        places = self.plan.places
        return [p.channel_location for p in places if p.rows_in(self.share)]

    def claim(self, slot: ForceSlot) -> Claim:
        return Claim(
            holder=holder_of(self.plan.id, self.share),
            now=self.now,
            cooldown=cooldown_of(self.account, self.settings, slot.channel_location),
            minimum=minimum_of(self.account),
            exempt=self._is_exempt(slot),
        )

    def _is_exempt(self, slot: ForceSlot) -> bool:
        """Retries, the first undo, and the rest where nobody came after its plan's decreases."""
        if self.plan.kind is PlanKind.RETRY:
            return True
        if self.plan.kind is PlanKind.UNDO:
            return self.plan.undone_by == self.plan.id
        before = self.plan.stage(Share.DECREASES) if self.share is Share.REST else None
        known = before.sequences.get(slot.channel_location) if before else None
        return known is not None and known == slot.sequence


def claims(registry: Registry, party: Party) -> list[Claiming]:
    """The writes that claim all slots of a part.

    CoolingError with what is in the way at each location, where something is.
    """
    found = [(_slot(registry, party.account.id, place)) for place in party.locations]
    waits = [wait for _, slot in found if (wait := wait_of(slot, party.claim(slot)))]
    if waits:
        raise refusal(waits)
    return [_claiming(stored, claimed(slot, party.claim(slot))) for stored, slot in found]


def refusal(waits: Sequence[Wait]) -> CoolingError:
    """What those are told who come too early."""
    longest = max(waits, key=lambda wait: wait.seconds)
    faults = tuple(Fault(wait.location, _reason(wait)) for wait in waits)
    message = f"{longest.location} {_reason(longest)}. Nothing was claimed, and nothing is sent."
    return CoolingError(message, longest.seconds, faults)


def _reason(wait: Wait) -> str:
    if wait.holder:
        plan = wait.holder.partition("/")[0]
        return f"is being forced by plan {plan}; ask again in {wait.seconds} s"
    return f"cools down for another {wait.seconds} s"


def _slot(
    registry: Registry, account: str, location: str
) -> tuple[Stored[ForceSlot] | None, ForceSlot]:
    stored = registry.get(ForceSlot, account, location)
    slot = stored.value if stored else ForceSlot(account=account, channel_location=location)
    return stored, slot


def _claiming(stored: Stored[ForceSlot] | None, slot: ForceSlot) -> Claiming:
    return Create(slot) if stored is None else Replace(slot, stored.version)


@dataclass(frozen=True, slots=True)
class Cooling:
    """How one location stands: its cooldown, and the slot. `left`: seconds until it is over."""

    place: ChannelLocation
    cooldown: int
    left: int
    slot: ForceSlot


def coolings(registry: Registry, clock: Clock, account: str) -> list[Cooling]:
    """All locations of an account. NotFoundError: no such account."""
    owner = require_account(registry, account).value
    return list(_coolings(registry, owner, clock()))


def _coolings(registry: Registry, account: Account, now: datetime) -> Iterator[Cooling]:
    settings = settings_of(registry, account.id)
    known = {s.value.channel_location: s.value for s in all_of(registry, ForceSlot, account.id)}
    for place in account.locations:
        slot = known.get(place.id) or ForceSlot(account=account.id, channel_location=place.id)
        left = seconds_left(slot.cooling_until, now)
        yield Cooling(place, cooldown_of(account, settings, place.id), left, slot)
