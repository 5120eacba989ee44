"""What is in the way of a decision about a plan, before anybody looks at the slots."""

from dataclasses import dataclass
from datetime import datetime

from trueup.domain.accounts import Account
from trueup.domain.errors import ConflictError, ForbiddenError
from trueup.domain.force import ForcePlan, ForceSettings, PlanState, Share
from trueup.usecases.force.proposing import check_forcible


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody decides: that a share of the plan with this hash is pushed.

    `approving`: as a second person, for which the route asks for the role.
    """

    by: str
    hash: str
    share: Share = Share.ALL
    note: str = ""
    approving: bool = False


def check_wish(plan: ForcePlan, wish: Wish, settings: ForceSettings, now: datetime) -> None:
    """ConflictError: this cannot be decided now; ForbiddenError: not by this person."""
    check_open(plan, now)
    if plan.hash != wish.hash:
        raise ConflictError("The plan is another one than the hash names; look at it again.")
    _check_share(plan, wish.share)
    if wish.approving:
        _check_second(plan, wish.by, settings)
    elif plan.approvals and wish.share is not Share.DECREASES:
        over = ", ".join(plan.approvals)
        raise ForbiddenError(f"An approver has to approve this; it is over the limits: {over}.")


def check_open(plan: ForcePlan, now: datetime) -> None:
    """ConflictError unless something is left to be decided, in time."""
    if plan.state is PlanState.PLANNING:
        raise ConflictError("This plan is still being made.")
    if plan.undecided is None:
        raise ConflictError(
            f"This plan was used already: it is {plan.state.value}. Make a new one."
        )
    if now >= plan.expires_at:
        raise ConflictError("This plan has expired: make a new one.")


def check_account(account: Account, plan: ForcePlan) -> None:
    """ConflictError, UnsupportedError: the account cannot be forced any more, or a location is
    gone.
    """
    check_forcible(account)
    known = {place.id for place in account.locations}
    gone = [p.channel_location for p in plan.places if p.channel_location not in known]
    if gone:
        raise ConflictError(f"The account has no location {gone[0]} any more; make a new plan.")


def _check_share(plan: ForcePlan, share: Share) -> None:
    if plan.undecided is Share.ALL and share is Share.REST:
        raise ConflictError("Its decreases have not been confirmed; decide about the whole.")
    if plan.undecided is Share.REST and share is not Share.REST:
        raise ConflictError("Its decreases were confirmed already; only the rest is left.")
    if not plan.rows_in(share):
        raise ConflictError("There is nothing to push in this part of the plan.")


def _check_second(plan: ForcePlan, by: str, settings: ForceSettings) -> None:
    if by == plan.proposed_by and settings.second_approval:
        raise ForbiddenError("Another person than the one who proposed it has to approve it.")
