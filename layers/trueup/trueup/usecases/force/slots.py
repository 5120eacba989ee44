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
    Share,
    holder_of,
)
from trueup.domain.slots import Claim, Wait, claimed, ready_at, seconds_left, wait_of
from trueup.domain.time import Clock
from trueup.ports import Create, Registry, Replace
from trueup.usecases.force.settings import cooldown_of, minimum_of, settings_of
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of


@dataclass(frozen=True, slots=True)
class Party:
    """A part of a plan that wants the slots of its locations at `now`.

    `free`: of the cooldown, as a retry is and the first undo of a plan.
    """

    account: Account
    settings: ForceSettings
    plan: ForcePlan
    share: Share
    now: datetime
    free: bool = False

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
        """The rest is free, too, where nobody came after the decreases of its plan."""
        before = self.plan.stage(Share.DECREASES) if self.share is Share.REST else None
        known = before.sequences.get(slot.channel_location) if before else None
        return self.free or (known is not None and known == slot.sequence)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A slot as a part holds it; `version` of what it was before, None: it is new."""

    slot: ForceSlot
    version: int | None

    @property
    def write(self) -> Create | Replace:
        return Create(self.slot) if self.version is None else Replace(self.slot, self.version)


def claims(registry: Registry, party: Party) -> list[Claimed]:
    """All slots of a part as it would hold them, to be written in one transaction.

    CoolingError with what is in the way at each location, where something is.
    """
    found = [_slot(registry, party.account.id, place) for place in party.locations]
    waits = [wait for one in found if (wait := wait_of(one.slot, party.claim(one.slot)))]
    if waits:
        raise refusal(waits)
    return [Claimed(claimed(one.slot, party.claim(one.slot)), one.version) for one in found]


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


def _slot(registry: Registry, account: str, location: str) -> Claimed:
    """As it stands; one that was never claimed is not stored."""
    stored = registry.get(ForceSlot, account, location)
    if stored is None:
        return Claimed(ForceSlot(account=account, channel_location=location), None)
    return Claimed(stored.value, stored.version)


@dataclass(frozen=True, slots=True)
class Cooling:
    """How one location stands: its cooldown, and the slot, cooling until it admits somebody else.

    `left`: seconds until then.
    """

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
        cooldown = cooldown_of(account, settings, place.id)
        until = ready_at(slot, Claim("", now, cooldown, minimum_of(account)))
        shown = slot.model_copy(update={"cooling_until": until})
        yield Cooling(place, cooldown, seconds_left(until, now), shown)
