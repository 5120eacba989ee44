"""Evidence that is missing, somebody else's, or without end."""

import pytest

from tests.unit.exceptions.exceptions_world import CaseWorld, incident, row
from tests.unit.exceptions.test_adjusting import FIELDS, bureau, with_location
from trueup.domain.cases import Subject, SubjectKind
from trueup.domain.errors import NotFoundError
from trueup.usecases.exceptions.adjusting import propose
from trueup.usecases.exceptions.cases import say
from trueup.usecases.exceptions.evidence import MAX_COMMENTS, MAX_ROWS, Archive
from trueup.usecases.exceptions.limits import set_limits


def archive(world: CaseWorld) -> Archive:
    inner = world.world
    return Archive(world.registry, inner.pages, inner.ledger, inner.evidence, inner.now)


def corrected() -> CaseWorld:
    """All agreed; then two units were lost, which the channel has not heard of."""
    world = with_location()
    set_limits(world.registry, {"units": 9})
    world.run()
    propose(bureau(world), FIELDS)
    world.run()
    return world


def test_a_rows_bundle_says_what_agreed_what_moved_and_what_the_channel_answered() -> None:
    world = corrected()
    bundle = archive(world).bundle(row("SKU-0007"))
    (found,) = bundle.rows
    assert found.divergence is not None
    assert found.divergence.row.gap == -2
    agreed, diverged = found.divergence.agreed, found.divergence.diverged
    assert agreed is not None
    assert agreed.row is not None
    assert (agreed.version, agreed.row.gap) == (1, 0)
    assert diverged is not None
    assert diverged.version == 2
    assert [m.quantity for m in found.divergence.movements] == [-2]
    assert found.raw is not None
    assert (found.raw.quantity, found.raw.captured_at) == (7, diverged.at)


def test_a_bundle_says_what_was_compared() -> None:
    world = corrected()
    origin = archive(world).bundle(row("SKU-0007")).origin
    assert origin is not None
    assert (origin.rows_version, origin.stock_locations) == (2, ("main",))
    assert (origin.baselines, origin.listings_version) == ({"main": 1}, 1)
    assert sum(origin.ledgers["main"]) == 1


def test_what_no_listing_names_has_the_channels_answer() -> None:
    world = CaseWorld()
    world.run({"STRANGER": 3})
    (found,) = archive(world).bundle(row("STRANGER\x00\x00")).rows
    assert found.raw is not None
    assert found.raw.quantity == 3
    assert found.divergence is not None


def test_an_incidents_bundle_is_bounded() -> None:
    world = CaseWorld(300)
    world.run({f"SKU-{n:04d}": 999 for n in range(300)})
    bundle = archive(world).bundle(incident())
    assert bundle.incident is not None
    assert (bundle.incident.group.rows, len(bundle.rows)) == (300, MAX_ROWS)


def test_a_case_whose_incident_has_gone_still_has_a_bundle() -> None:
    world = CaseWorld()
    world.run({"SKU-0007": 9})
    case = world.open(incident()).value
    world.run({"SKU-0007": 7})
    gone = archive(world).of_case(case)
    assert (gone.incident, gone.rows) == (None, ())
    with pytest.raises(NotFoundError):
        archive(world).bundle(incident())


def test_a_row_that_matches_again_has_no_divergence() -> None:
    world = CaseWorld()
    world.run({"SKU-0007": 9})
    world.run({"SKU-0007": 7})
    (found,) = archive(world).bundle(row("SKU-0007")).rows
    assert found.divergence is None
    assert found.raw is not None


def test_an_answer_that_is_no_longer_kept_is_left_out() -> None:
    world = CaseWorld()
    world.run({"SKU-0007": 9})
    objects = world.world.evidence
    objects.delete([key for key in objects.list("") if key.endswith(".seg")])
    (found,) = archive(world).bundle(row("SKU-0007")).rows
    assert found.raw is None
    assert found.divergence is not None


def test_a_sources_bundle_has_its_movements() -> None:
    world = corrected()
    source = Subject(kind=SubjectKind.SOURCE, location="main", what="SKU-0007")
    assert [m.quantity for m in archive(world).bundle(source).movements] == [-2]


def test_the_latest_comments_come_in_their_order() -> None:
    world = CaseWorld()
    world.run({"SKU-0007": 9})
    case = world.open(row("SKU-0007")).value
    for number in range(MAX_COMMENTS + 5):
        say(world.cabinet(), case.id, str(number))
    texts = [comment.text for comment in archive(world).comments(case.id)]
    assert texts == sorted(texts, key=int)
    assert len(texts) == MAX_COMMENTS
