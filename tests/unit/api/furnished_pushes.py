"""Pushes of a furnished seller: two in Error, and two that can be undone."""

from tests.unit.api.api_world import ApiWorld
from tests.unit.force.logged import Logbook, row
from trueup.domain.force import Share
from trueup.domain.pushlog import PushOutcome


def furnish_pushes(api: ApiWorld, seller: str, account: str, *skus: str) -> dict[str, str]:
    """A plan that ended: one row of each outcome of these SKUs."""
    book = Logbook(api.registries.of(seller), api.now)
    failed = [row(sku, PushOutcome.REJECTED, message="no such item") for sku in skus]
    done = [row(sku, before=3, after=5, quantity=5) for sku in skus]
    parts = (Share.DECREASES, [("1", failed)]), (Share.REST, [("1", done)])
    plan = book.plan(account, *parts)
    return {"push": f"{plan.id}.decreases.0.0", "undo_plan:plan": plan.id}
