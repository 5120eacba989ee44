"""Accounts that grow until a run's record cannot hold its links any more."""

from datetime import UTC, datetime

from trueup.adapters.memory_registry import MemoryRegistries
from trueup.adapters.registry_items import encode
from trueup.domain.accounts import Account, ChannelLocation, Link, Location, Member
from trueup.domain.runs import Inputs, Run, Trigger
from trueup.ports import Create, Stored
from trueup.usecases.places import MAX_LINKS, MAX_MEMBERS, link_faults

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG = "a" * 36


def links(count: int, members: int) -> list[Link]:
    pool = tuple(Member(location=f"{LONG}-{n}") for n in range(members))
    return [
        Link(account="eu", channel_location=f"gid://shop/Location/{n}", members=pool)
        for n in range(count)
    ]


def faults(count: int, members: int) -> list[str]:
    registry = MemoryRegistries().of("acme")
    place = ChannelLocation(id="new", code="", name="")
    account = Account(id="eu", channel="x", name="EU", created_at=NOW, locations=(place,))
    registry.write(Create(Location(code="main", name="Main")))
    link = Link(account="eu", channel_location="new", members=(Member(location="main"),))
    others = [Stored(other, 1) for other in links(count, members)]
    return [fault.where for fault in link_faults(registry, account, others, link)]


def test_links_and_their_members_are_bounded() -> None:
    assert faults(MAX_LINKS - 1, 1) == []
    assert faults(MAX_LINKS, 1) == ["/channel_location"]
    assert faults(MAX_MEMBERS // 50, 50) == ["/members"]


def test_as_many_as_allowed_fit_into_a_runs_record() -> None:
    largest = links(MAX_LINKS, MAX_MEMBERS // MAX_LINKS)
    inputs = Inputs(
        links=tuple(largest), buffers={link.channel_location: 10**9 for link in largest}
    )
    run = Run(
        id="01J",
        account="eu",
        channel="x",
        trigger=Trigger.BUTTON,
        requested_by="ada",
        opened_at=NOW,
        deadline=NOW,
        inputs=inputs,
    )
    assert len(encode("acme", run, 1).body) < 300_000
