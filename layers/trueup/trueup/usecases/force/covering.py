"""Up to when all orders of an account's channel are in our ledger: increases rest on it."""

from datetime import datetime

from trueup.domain.errors import Fault, RejectedError
from trueup.domain.force import OrdersCovered
from trueup.domain.time import Clock
from trueup.ports import Create, Registry, Replace
from trueup.usecases.retrying import retried
from trueup.usecases.runs import require_account


def covered_of(registry: Registry, account: str) -> OrdersCovered | None:
    """None: nobody said so yet. NotFoundError: no such account."""
    require_account(registry, account)
    stored = registry.get(OrdersCovered, account)
    return stored.value if stored else None


def state_covered(
    registry: Registry, clock: Clock, account: str, until: datetime, by: str
) -> OrdersCovered:
    """Say that all orders up to an instant are imported; an earlier one takes a later back.

    NotFoundError: no such account; RejectedError: the instant is in the future.
    """

    def once() -> OrdersCovered:
        require_account(registry, account)
        now = clock()
        if until > now:
            fault = Fault("/until", f"is in the future: it is {now.isoformat()} now")
            raise RejectedError("Nobody knows the orders to come.", (fault,))
        stated = OrdersCovered(account=account, until=until, stated_by=by, stated_at=now)
        stored = registry.get(OrdersCovered, account)
        registry.write(Replace(stated, stored.version) if stored else Create(stated))
        return stated

    return retried(once)
