"""A seller's locations, and the links that feed channel locations from them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from trueup.domain.accounts import Account, Link, Location, Member
from trueup.domain.errors import ConflictError, Fault, NotFoundError, RejectedError
from trueup.domain.keys import is_code
from trueup.domain.time import Clock
from trueup.ports import Create, Registry, Remove, Replace, Stored, Write
from trueup.usecases.accounts import due_from
from trueup.usecases.retrying import retried
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

MAX_LINKS = 500
MAX_MEMBERS = 2_000
"""Of all links of one account together."""


def add_location(registry: Registry, fields: Mapping[str, Any]) -> Location:
    """ConflictError: the code is taken."""
    location = Location.model_validate(dict(fields))
    if registry.get(Location, location.code) is not None:
        raise ConflictError(f"You already have a location {location.code}.")
    registry.write(Create(location))
    return location


def change_location(registry: Registry, code: str, fields: Mapping[str, Any]) -> Location:
    def once() -> Location:
        stored = require_location(registry, code)
        changed = stored.value.model_copy(update=dict(fields))
        registry.write(Replace(changed, stored.version))
        return changed

    return retried(once)


def require_location(registry: Registry, code: str) -> Stored[Location]:
    found = registry.get(Location, code)
    if found is None:
        raise NotFoundError(f"There is no location {code}.")
    return found


def list_links(registry: Registry, account: str) -> list[Stored[Link]]:
    return list(all_of(registry, Link, account))


def link_of(
    account: Account, channel_location: str, members: Sequence[Member], buffer: int | None
) -> Link:
    """RejectedError where the channel location is no code at all."""
    if not is_code(channel_location):
        fault = Fault("/channel_location", "is not a location of this account")
        raise RejectedError("This link cannot be stored.", (fault,))
    return Link(
        account=account.id,
        channel_location=channel_location,
        members=tuple(members),
        buffer=buffer,
    )


def put_link(registry: Registry, clock: Clock, link: Link) -> Link:
    """Set what feeds a channel location. The first link makes the account due.

    RejectedError with all faults. The account is written along with the link, so that two links
    set at once cannot together share out more than a location has.
    """

    def once() -> Link:
        account = require_account(registry, link.account)
        links = list_links(registry, link.account)
        faults = link_faults(registry, account.value, links, link)
        if faults:
            raise RejectedError("This link cannot be stored.", tuple(faults))
        registry.write(_link_write(links, link), _touched(account, links, clock))
        return link

    return retried(once)


def _link_write(links: Sequence[Stored[Link]], link: Link) -> Write:
    for stored in links:
        if stored.value.identity == link.identity:
            return Replace(link, stored.version)
    return Create(link)


def _touched(account: Stored[Account], links: Sequence[Stored[Link]], clock: Clock) -> Replace:
    first = not links and account.value.enabled
    value = due_from(account.value, clock()) if first else account.value
    return Replace(value, account.version)


def link_faults(
    registry: Registry, account: Account, links: Sequence[Stored[Link]], link: Link
) -> list[Fault]:
    """All that is wrong with a link, seen beside the account's others."""
    others = [s.value for s in links if s.value.identity != link.identity]
    return [
        *_size_faults(others, link),
        *_place_faults(account, link),
        *_member_faults(registry, link.members),
        *_share_faults(others, link.members),
    ]


def _size_faults(others: Sequence[Link], link: Link) -> list[Fault]:
    """A run keeps a copy of all links: they have to fit into its record."""
    members = sum(len(other.members) for other in (*others, link))
    faults = []
    if len(others) >= MAX_LINKS:
        faults.append(Fault("/channel_location", f"an account may have {MAX_LINKS} links"))
    if members > MAX_MEMBERS:
        reason = f"all links of an account together may name {MAX_MEMBERS} locations"
        faults.append(Fault("/members", reason))
    return faults


def _place_faults(account: Account, link: Link) -> list[Fault]:
    if any(place.id == link.channel_location for place in account.locations):
        return []
    reason = "is not a location of this account; describe it again if the channel has a new one"
    return [Fault("/channel_location", reason)]


def _member_faults(registry: Registry, members: Sequence[Member]) -> list[Fault]:
    counts = Counter(member.location for member in members)
    faults = []
    for position, member in enumerate(members):
        where = f"/members/{position}/location"
        if registry.get(Location, member.location) is None:
            faults.append(Fault(where, "you have no such location"))
        if counts[member.location] > 1:
            faults.append(Fault(where, "is named more than once"))
    return faults


def _share_faults(others: Sequence[Link], members: Sequence[Member]) -> list[Fault]:
    """A location may feed several channel locations of an account only in shares of its stock."""
    given = Counter[str]()
    for other in others:
        given.update({member.location: member.share for member in other.members})
    return [
        Fault(
            f"/members/{position}/share",
            f"{member.location} already gives {given[member.location]} percent to other "
            "locations of this account; all shares may add up to 100",
        )
        for position, member in enumerate(members)
        if given[member.location] and given[member.location] + member.share > 100  # noqa: PLR2004
    ]


def remove_link(registry: Registry, account: str, channel_location: str) -> None:
    """NotFoundError: nothing feeds that channel location."""
    require_account(registry, account)
    stored = require_link(registry, account, channel_location)
    registry.write(Remove(stored.value, stored.version))


def require_link(registry: Registry, account: str, channel_location: str) -> Stored[Link]:
    found = registry.get(Link, account, channel_location)
    if found is None:
        raise NotFoundError(f"Nothing is linked to {channel_location} on this account.")
    return found
