"""Routing rules: who gets the cases of new incidents."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from trueup.domain.cases import Roles
from trueup.domain.routing import MAX_RULES
from trueup.usecases.auth import Role
from trueup.usecases.exceptions import routing
from trueup_api.fields import CodeText, Slug
from trueup_api.routes.adjustment_forms import MoneyBody, MoneyView
from trueup_api.routes.case_forms import CauseName, RolesBody
from trueup_api.routes.cases import cabinet_of
from trueup_api.routing import NO_CONTENT, Answer, Call, NoBody, NoQuery, Route, Strict, created, ok


class RuleBody(RolesBody):
    """What an incident must be for the rule to fit (null: anything), and who gets its case.

    `minimum`: money at stake, in minor units; rows of unknown value count as above any.
    """

    order: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    account: Slug | None = None
    location: CodeText | None = None
    cause: CauseName | None = None
    minimum: MoneyBody | None = None


class NewRule(RuleBody):
    id: Slug


class RuleView(Strict):
    id: str
    order: int
    account: str | None
    location: str | None
    cause: str | None
    minimum: MoneyView | None
    owner: str | None
    reviewer: str | None
    approver: str | None
    investigator: str | None
    changed_at: datetime
    changed_by: str


class RulesView(Strict):
    """In the order in which they are tried: the first that fits counts."""

    rules: list[RuleView]


_MATCHED = ("order", "account", "location", "cause", "minimum")


def rule_view(rule: routing.RoutingRule) -> RuleView:
    fields = rule.model_dump(exclude={"roles", "schema_version"})
    return RuleView(**fields, **rule.roles.model_dump())


def list_rules(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(RulesView(rules=[rule_view(r) for r in routing.rules_of(call.shop.registry)]))


def _parts(body: RuleBody) -> tuple[dict[str, Any], Roles]:
    """What a rule matches, and whom it names."""
    matched = body.model_dump(include=set(_MATCHED))
    return matched, Roles(**body.model_dump(exclude={"id", *_MATCHED}))


def add_rule(call: Call[NoQuery, NewRule]) -> Answer:
    added = routing.add_rule(cabinet_of(call.shop), call.body.id, *_parts(call.body))
    return created(rule_view(added), f"/v1/routing-rules/{added.id}")


def replace_rule(call: Call[NoQuery, RuleBody]) -> Answer:
    cabinet = cabinet_of(call.shop)
    return ok(rule_view(routing.replace_rule(cabinet, call.path["rule"], *_parts(call.body))))


def remove_rule(call: Call[NoQuery, NoBody]) -> Answer:
    routing.remove_rule(call.shop.registry, call.path["rule"])
    return NO_CONTENT


_RULE = "/v1/routing-rules/<rule>"
ROUTES = (
    Route(
        "GET",
        "/v1/routing-rules",
        Role.VIEWER,
        list_rules,
        (HTTPStatus.OK, RulesView),
        f"Who gets the cases of new incidents: at most {MAX_RULES} rules",
    ),
    Route(
        "POST",
        "/v1/routing-rules",
        Role.ADMIN,
        add_rule,
        (HTTPStatus.CREATED, RuleView),
        "Add a routing rule; it counts from the next run on",
        body=NewRule,
        problems=(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        repeatable=True,
        example={"id": "edits", "order": 10, "cause": "hand_edit", "owner": "ada"},
    ),
    Route(
        "PUT",
        _RULE,
        Role.ADMIN,
        replace_rule,
        (HTTPStatus.OK, RuleView),
        "Put another rule in the place of one",
        body=RuleBody,
        problems=(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        example={"order": 10, "cause": "hand_edit", "owner": "ada", "reviewer": "grace"},
    ),
    Route(
        "DELETE",
        _RULE,
        Role.ADMIN,
        remove_rule,
        (HTTPStatus.NO_CONTENT, None),
        "Remove a routing rule; the cases it made stay",
        problems=(HTTPStatus.CONFLICT,),
    ),
)
