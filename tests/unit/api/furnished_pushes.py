"""Pushes of a furnished seller: some in Error, and some that can be undone."""

from tests.unit.api.api_world import ApiWorld
from tests.unit.force.logged import Logbook, row
from trueup.domain.force import ForcePlan, Share
from trueup.domain.pushlog import PushOutcome


def furnish_pushes(
    api: ApiWorld, seller: str, account: str, live: str, *skus: str
) -> dict[str, str]:
    """A plan of each account that ended with rows of both outcomes."""
    book = Logbook(api.registries.of(seller), api.now)
    shown, forced = (_ended(book, one, skus) for one in (account, live))
    return {
        "push": f"{shown.id}.decreases.0.0",
        "retried:account": live,
        "retried:push": f"{forced.id}.decreases.0.0",
        "undo_force_plan:account": live,
        "undo_force_plan:plan": forced.id,
    }


def _ended(book: Logbook, account: str, skus: tuple[str, ...]) -> ForcePlan:
    failed = [row(sku, PushOutcome.REJECTED, message="no such item") for sku in skus]
    done = [row(sku, before=3, after=5, quantity=5) for sku in skus]
    return book.plan(account, (Share.DECREASES, [("1", failed)]), (Share.REST, [("1", done)]))
