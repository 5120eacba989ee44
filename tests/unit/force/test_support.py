"""Evidence about a push: complete, readable, and without anything secret."""

from datetime import timedelta

import pytest

from tests.unit.force.again_world import AgainWorld
from tests.unit.force.logged import Logbook, row
from tests.world import ACCOUNT
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Account
from trueup.domain.errors import NotFoundError
from trueup.domain.force import Share
from trueup.domain.pushlog import PushOutcome
from trueup.ports import Replace
from trueup.usecases.force.support import Bundle, support_bundle


def retried_twice() -> tuple[AgainWorld, list[str]]:
    """B was refused twice and set at last; the ids of its pushes."""
    world = AgainWorld({"A": 5, "B": 5}, {"A": 9, "B": 9})
    world.till.refusing["B"] = "closed"
    world.forced()
    ids = [world.log()["B"].id]
    for _ in range(2):
        plan = world.retry(ids[-1:])
        if len(ids) == 2:
            world.till.refusing.clear()
        world.settled(plan)
        ids.append(world.log()["B"].id)
    return world, ids


def bundle_of(world: AgainWorld, id_: str) -> Bundle:
    return support_bundle(world.registry, world.ledger, world.clock, id_)


def test_the_chain_of_attempts_is_whole_from_wherever_it_is_looked_at() -> None:
    world, ids = retried_twice()
    for id_ in ids:
        bundle = bundle_of(world, id_)
        assert bundle.push.id == id_
        assert [one.id for one in bundle.attempts] == ids
        assert [one.row.attempts for one in bundle.attempts] == [1, 2, 3]


def test_what_it_was_made_from_and_what_was_set_is_named() -> None:
    world, ids = retried_twice()
    bundle = bundle_of(world, ids[-1])
    assert bundle.place is not None
    assert bundle.run is not None
    assert world.run(bundle.run).account == ACCOUNT
    assert [(one.id, one.quantity) for one in bundle.set_lately] == [(f"trueup:{ids[-1]}", 9)]


def test_the_summary_says_it_in_words() -> None:
    world, ids = retried_twice()
    text = bundle_of(world, ids[0]).summary
    for told in (
        f"Push {ids[0]}: Error, REJECTED",
        "Message: closed",
        "SKU B, channel SKU B",
        "(9 x 100% + 0 - 0) / 1, no cap: 9",
        "confirmed by bea",
        f"Attempt 3: {ids[2]}: Success",
    ):
        assert told in text, text


def test_nothing_secret_is_in_it() -> None:
    world, ids = retried_twice()
    stored = world.registry.get(Account, ACCOUNT)
    assert stored is not None
    hidden = {"secret": "vault/shop-key", "config": {"token": "hush-hush"}}
    world.registry.write(Replace(stored.value.model_copy(update=hidden), stored.version))
    text = bundle_of(world, ids[0]).summary
    assert "vault" not in text
    assert "hush" not in text


def test_a_chain_whose_ends_are_gone_is_told_as_far_as_it_is_known() -> None:
    book = Logbook(MemoryRegistries().of("acme"))
    book.account("eu")
    lost = row("A", PushOutcome.REJECTED, retry_of="01.all.0.0", retried_by="GONE", attempts=2)
    plan = book.plan("eu", (Share.ALL, [("1", [lost])]))
    clock = lambda: book.now + timedelta(days=100)  # noqa: E731
    id_ = f"{plan.id}.all.0.0"
    bundle = support_bundle(book.registry, MemoryLedger(), clock, id_)
    assert [one.id for one in bundle.attempts] == [id_]
    assert (bundle.run, bundle.set_lately) == (None, ())
    with pytest.raises(NotFoundError):
        support_bundle(book.registry, MemoryLedger(), clock, "x")
