"""Who is calling, for which seller, and what their roles allow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from trueup.domain.accounts import SLUG
from trueup.domain.errors import ForbiddenError, TrueupError
from trueup.ports import Members


class UnauthenticatedError(TrueupError):
    """There is no valid access token."""


class Role(StrEnum):
    """What a member of a seller may do; each rank may do all that those before it may.

    `investigator` has no rank: it is a case's assignment, not a right.
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"
    INVESTIGATOR = "investigator"


CLAIMS = ("seller", "roles")
RANKS = (Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a request: always of exactly one seller."""

    seller: str
    roles: frozenset[Role]
    user: str

    def may(self, needed: Role) -> bool:
        """Whether some role of theirs ranks at least as high as `needed`."""
        return any(_rank(role) >= RANKS.index(needed) for role in self.roles)

    def require(self, needed: Role) -> None:
        """ForbiddenError unless they may."""
        if not self.may(needed):
            raise ForbiddenError(f"This needs the role {needed.value}.")


def _rank(role: Role) -> int:
    return RANKS.index(role) if role in RANKS else -1


def caller_of(claims: Mapping[str, Any] | None, now: datetime) -> Caller:
    """The caller that an authorizer's claims tell of.

    UnauthenticatedError: no token, not an access token, expired (the authorizer refuses these
    too; this is the second lock). ForbiddenError: the user is no member of any seller.
    """
    if not claims or claims.get("token_use") != "access":
        raise UnauthenticatedError("An access token is needed (not an id token).")
    if not _number(claims.get("exp")) > now.timestamp():
        raise UnauthenticatedError("The access token has expired; sign in again.")
    return Caller(_seller(claims), _roles(claims), _user(claims))


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _user(claims: Mapping[str, Any]) -> str:
    user = claims.get("sub")
    if not isinstance(user, str) or not user:
        raise UnauthenticatedError("The access token names no user.")
    return user


def _seller(claims: Mapping[str, Any]) -> str:
    seller = claims.get("seller")
    if not isinstance(seller, str) or not SLUG.fullmatch(seller):
        raise ForbiddenError(
            "Your user is not a member of any seller yet. Ask an admin of yours to add you, "
            "then sign in again."
        )
    return seller


def _roles(claims: Mapping[str, Any]) -> frozenset[Role]:
    """Unknown words are left out: a token made by a newer version grants nothing by accident."""
    words = str(claims.get("roles") or "").split()
    return frozenset(Role(word) for word in words if word in set(Role))


class Membership(BaseModel):
    """A user's place in a seller, as the members table has it."""

    model_config = ConfigDict(frozen=True)
    seller: Annotated[str, StringConstraints(pattern=SLUG.pattern)]
    roles: frozenset[Role]


def membership_claims(item: Mapping[str, Any] | None) -> dict[str, str]:
    """The claims that an access token gets from a members table item; none without membership.

    An item that makes no sense grants nothing.
    """
    try:
        member = Membership.model_validate(item or {})
    except ValidationError:
        return {}
    return {"seller": member.seller, "roles": " ".join(sorted(member.roles))}


def token_response(event: dict[str, Any], members: Members) -> dict[str, Any]:
    """The answer to Cognito's pre-token-generation trigger (V2).

    A user who is no member gets a token without claims: the API tells them so. Claims of these
    names that a user's own attributes could bring along are suppressed.
    """
    user = event["request"]["userAttributes"]["sub"]
    claims = membership_claims(members.find(user))
    missing = [name for name in CLAIMS if name not in claims]
    access = {"claimsToAddOrOverride": claims, "claimsToSuppress": missing}
    details = {"accessTokenGeneration": access}
    return {**event, "response": {"claimsAndScopeOverrideDetails": details}}
