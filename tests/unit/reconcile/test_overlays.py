"""Rows checked again between runs that are lost, doubled, or outlive what is newer."""

from datetime import timedelta

import pytest

from tests.shelf import changed
from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, NOW, World
from trueup.domain.errors import ConflictError, NotFoundError, RejectedError, RetryLaterError
from trueup.domain.outcomes import Reason, Status
from trueup.domain.overlays import Overlay
from trueup.usecases.overlays import lay, overlays_of
from trueup.usecases.recheck import Rechecked, recheck
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.reading import read_rows
from trueup.usecases.rows.view import RowView


def compared() -> World:
    world = stocked(50)
    world.shelf.stock["1", "SKU-0007"] = 9
    world.reconcile()
    return world


def again(world: World, *skus: str, minutes: int = 5) -> Rechecked:
    """Recheck some SKUs some minutes later."""
    world.now += timedelta(minutes=minutes)
    world.shelf.spoil = lambda answer: changed(answer, captured_at=world.now.isoformat())
    return recheck(world.work(), account=ACCOUNT, location="1", skus=skus, requested_by="ada")


def shown(world: World, **filters: object) -> dict[str, RowView]:
    page = read_rows(
        world.registry,
        world.pages,
        Filters(account=ACCOUNT, **filters),  # type: ignore[arg-type]
        cursor=None,
        limit=100,
    )
    return {row.seller_identifier or row.channel_identifier: row for row in page.rows}


def test_a_recheck_shows_at_once_and_with_its_own_time() -> None:
    world = compared()
    assert shown(world)["SKU-0007"].status is Status.FAILED
    world.shelf.stock["1", "SKU-0007"] = 7
    again(world, "SKU-0007")
    row = shown(world)["SKU-0007"]
    assert (row.status, row.gap, row.recon_date) == (Status.SUCCESS, 0, world.now)
    assert len(shown(world)) == 50
    assert shown(world, status=Status.FAILED) == {}


def test_a_recheck_finds_what_has_gone_wrong_since() -> None:
    world = compared()
    world.shelf.stock["1", "SKU-0010"] = 99
    del world.shelf.stock["1", "SKU-0011"]
    done = again(world, "SKU-0010", "SKU-0011")
    assert {key: Reason(o.values["reason"]) for key, o in done.rows.items()} == {
        "SKU-0010": Reason.DIFFERS,
        "SKU-0011": Reason.NOT_ON_CHANNEL,
    }
    assert set(shown(world, status=Status.FAILED)) == {"SKU-0007", "SKU-0010", "SKU-0011"}


def test_the_next_run_folds_them_in() -> None:
    world = compared()
    world.shelf.stock["1", "SKU-0007"] = 7
    again(world, "SKU-0007")
    world.now += timedelta(minutes=5)
    world.reconcile()
    assert overlays_of(world.registry, ACCOUNT, "1") == {}
    assert shown(world)["SKU-0007"].status is Status.SUCCESS


def test_a_run_that_captured_earlier_does_not_undo_a_recheck() -> None:
    world = compared()
    world.shelf.stock["1", "SKU-0007"] = 7
    again(world, "SKU-0007")
    laid_at = world.now
    world.shelf.stock["1", "SKU-0007"] = 9
    world.shelf.spoil = lambda answer: changed(
        answer, captured_at=(laid_at - timedelta(minutes=1)).isoformat()
    )
    world.reconcile()
    assert shown(world)["SKU-0007"].status is Status.SUCCESS


def test_an_older_capture_never_replaces_a_newer_one() -> None:
    world = compared()
    overlay = Overlay(
        account=ACCOUNT,
        channel_location="1",
        key="SKU-0007",
        values={"reported": 1},
        captured_at=NOW,
        compared_at=NOW,
        requested_by="ada",
    )
    older = overlay.model_copy(
        update={"captured_at": NOW - timedelta(seconds=1), "values": {"reported": 2}}
    )
    assert lay(world.registry, overlay)
    assert not lay(world.registry, older)
    assert overlays_of(world.registry, ACCOUNT, "1")["SKU-0007"].values == {"reported": 1}


def test_what_cannot_be_rechecked_says_why() -> None:
    fresh = stocked(5)
    with pytest.raises(ConflictError, match="never compared"):
        again(fresh, "SKU-0001")
    world = compared()
    with pytest.raises(RejectedError) as caught:
        again(world, "SKU-0001", "NOPE", "NADA")
    assert [fault.reason for fault in caught.value.faults] == [
        "NADA is not listed here",
        "NOPE is not listed here",
    ]
    with pytest.raises(NotFoundError):
        recheck(world.work(), account=ACCOUNT, location="9", skus=["SKU-0001"], requested_by="ada")
    world.shelf.spoil = lambda answer: changed(
        answer, outcome="throttled", cursor="0", retry_after_seconds=4
    )
    with pytest.raises(RetryLaterError):
        recheck(world.work(), account=ACCOUNT, location="1", skus=["SKU-0001"], requested_by="ada")
    assert overlays_of(world.registry, ACCOUNT, "1") == {}
