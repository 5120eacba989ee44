"""Finds: edits that get lost, that break the rules of files, or lists that skip and repeat."""

from datetime import timedelta

import pytest

from tests.unit.ingest.intake_world import ACCOUNT, IntakeWorld
from trueup.domain.errors import ConflictError, NotFoundError, RejectedError, RetryLaterError
from trueup.domain.listings import Component, Listing
from trueup.usecases.listings import (
    delete_listings,
    get_listing,
    list_listings,
    put_listings,
)


def listing(sku: str, channel_key: str = "", **fields: object) -> Listing:
    return Listing.model_validate({"sku": sku, "channel_key": channel_key or sku} | fields)


@pytest.fixture
def world() -> IntakeWorld:
    return IntakeWorld()


def test_what_is_put_is_read(world: IntakeWorld) -> None:
    kit = listing(
        "K", "K-1", components=[Component(sku="A", quantity=2)], price=5, currency="EUR", cap=0
    )
    edited = put_listings(world.desk(), ACCOUNT, [kit, listing("A")], "ada")
    assert (edited.version, edited.changed) == (1, True)
    assert get_listing(world.desk(), ACCOUNT, "K", "K-1") == kit
    assert world.aliases() == {"K-1": "K\0K-1"}
    again = put_listings(world.desk(), ACCOUNT, [listing("A"), kit], "ada")
    assert (again.version, again.changed) == (1, False)


def test_deleting_frees_the_channels_code(world: IntakeWorld) -> None:
    put_listings(world.desk(), ACCOUNT, [listing("A", "X"), listing("B")], "ada")
    with pytest.raises(RejectedError):
        put_listings(world.desk(), ACCOUNT, [listing("C", "X")], "ada")
    assert delete_listings(world.desk(), ACCOUNT, [("A", "X"), ("?", "?")], "ada").version == 2
    put_listings(world.desk(), ACCOUNT, [listing("C", "X")], "ada")
    assert delete_listings(world.desk(), ACCOUNT, [("A", "X")], "ada").changed is False
    assert world.aliases() == {"X": "C\0X"}
    with pytest.raises(NotFoundError):
        get_listing(world.desk(), ACCOUNT, "A", "X")


def test_all_faults_come_at_once(world: IntakeWorld) -> None:
    puts = [
        listing("A", components=[Component(sku="A", quantity=1)]),
        listing("B", "A", price=1),
        listing("C", currency="XXQ"),
    ]
    with pytest.raises(RejectedError) as caught:
        put_listings(world.desk(), ACCOUNT, puts, "ada")
    assert [fault.where for fault in caught.value.faults] == [
        "listings.0.components",
        "listings.1.channel_key",
        "listings.1.currency",
        "listings.2.currency",
    ]
    with pytest.raises(RejectedError):
        put_listings(world.desk(), ACCOUNT, [listing(f"S{n}") for n in range(501)], "ada")
    with pytest.raises(NotFoundError):
        put_listings(world.desk(), "nowhere", [listing("A")], "ada")


def test_a_list_goes_on_in_its_version(world: IntakeWorld) -> None:
    puts = [listing(f"S{n:03d}") for n in range(30)] + [listing("S004", "six"), listing("T")]
    put_listings(world.desk(), ACCOUNT, puts, "ada")
    seen: list[str] = []
    cursor = None
    while True:
        page = list_listings(world.desk(), ACCOUNT, prefix="S", cursor=cursor, limit=7)
        seen += [item.key for item in page.items]
        assert page.version == 1
        cursor = page.cursor
        if cursor is None:
            break
        delete_listings(world.desk(), ACCOUNT, [("S029", "S029"), (seen[0], seen[0])], "ada")
    assert seen == sorted(item.key for item in puts if item.sku.startswith("S"))


def test_a_cursor_fits_its_list_only(world: IntakeWorld) -> None:
    put_listings(world.desk(), ACCOUNT, [listing("A"), listing("AB")], "ada")
    cursor = list_listings(world.desk(), ACCOUNT, prefix="A", limit=1).cursor
    for wrong in (cursor, "00", "zz", "93"):
        with pytest.raises(RejectedError):
            list_listings(world.desk(), ACCOUNT, prefix="", cursor=wrong)


def test_nothing_listed_is_an_empty_list(world: IntakeWorld) -> None:
    assert list_listings(world.desk(), ACCOUNT).items == ()
    assert delete_listings(world.desk(), ACCOUNT, [("A", "A")], "ada").changed is False
    assert world.head("listings/eu") is None


def test_an_edit_that_loses_for_too_long_ends_with_an_answer(
    world: IntakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, tries = world.desk(), []

    def lose(*_: object) -> None:
        tries.append(1)
        world.now += timedelta(seconds=5)
        raise ConflictError("somebody was faster")

    monkeypatch.setattr(world.registry, "write", lose)
    with pytest.raises(RetryLaterError):
        put_listings(desk, ACCOUNT, [listing("A")], "ada")
    assert len(tries) == 3
