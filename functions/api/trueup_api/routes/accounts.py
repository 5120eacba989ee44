"""Accounts on channels."""

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from trueup.domain.accounts import (
    Account,
    Cadence,
    Capabilities,
    Mode,
    Percent,
    Units,
)
from trueup.domain.time import Instant
from trueup.usecases import accounts
from trueup.usecases.auth import Role
from trueup.usecases.runs import require_account
from trueup_api.fields import Config, Name, Slug
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, created, ok
from trueup_api.tokens import path_token

Cooldown = Annotated[int, Field(ge=0, le=7 * 86400)]
ReportAge = Annotated[int, Field(ge=1, le=90 * 24 * 60)] | None
"""What was captured longer ago is stale, never a match; null: no limit."""


class NewAccount(Strict):
    """An account to connect. `secret` is the name of a secret: `trueup/{seller}/…`."""

    id: Slug
    channel: Slug
    name: Name
    client: Slug | None = None
    cadence: Cadence = Cadence()
    cooldown_seconds: Cooldown = 900
    buffer: Units = 0
    allocation: Percent = 100
    tolerance: Units = 0
    max_report_age_minutes: ReportAge = None
    config: Config = {}
    secret: str | None = None
    enabled: bool = True


class AccountChange(Strict):
    """The fields to set; what is absent stays. Only an admin may make an account live.

    With a new `config` or `secret`, the channel is asked again what it can do.
    """

    name: Name = ""
    cadence: Cadence = Cadence()
    cooldown_seconds: Cooldown = 0
    buffer: Units = 0
    allocation: Percent = 100
    tolerance: Units = 0
    max_report_age_minutes: ReportAge = None
    mode: Mode = Mode.SHADOW
    enabled: bool = True
    config: Config = {}
    secret: str | None = None


class ChannelPlace(Strict):
    """`token` stands for the id in addresses."""

    id: str
    code: str
    name: str
    token: str


class AccountView(Strict):
    """An account as it is stored. `secret` is only a name."""

    id: str
    channel: str
    name: str
    client: str | None
    mode: Mode
    enabled: bool
    cadence: Cadence
    cooldown_seconds: int
    buffer: int
    allocation: int
    tolerance: int
    max_report_age_minutes: int | None
    config: dict[str, str | int | bool]
    secret: str | None
    capabilities: Capabilities | None
    locations: list[ChannelPlace]
    created_at: Instant
    next_due_at: Instant | None
    note: str | None


class AccountsView(Strict):
    accounts: list[AccountView]


_PLAIN = tuple(name for name in AccountView.model_fields if name != "locations")


def account_view(account: Account) -> AccountView:
    places = [
        ChannelPlace(id=p.id, code=p.code, name=p.name, token=path_token(p.id))
        for p in account.locations
    ]
    return AccountView(locations=places, **{name: getattr(account, name) for name in _PLAIN})


def connect_account(call: Call[NoQuery, NewAccount]) -> Answer:
    fields = {name: getattr(call.body, name) for name in NewAccount.model_fields}
    account = accounts.connect(call.shop.desk, fields)
    return created(account_view(account), f"/v1/accounts/{account.id}")


def list_accounts(call: Call[NoQuery, NoBody]) -> Answer:
    found = accounts.list_accounts(call.shop.registry)
    return ok(AccountsView(accounts=[account_view(account) for account in found]))


def get_account(call: Call[NoQuery, NoBody]) -> Answer:
    stored = require_account(call.shop.registry, call.path["account"])
    return ok(account_view(stored.value))


def change_account(call: Call[NoQuery, AccountChange]) -> Answer:
    body = call.body
    fields = {name: getattr(body, name) for name in sorted(body.model_fields_set)}
    return ok(account_view(accounts.change(call.shop.desk, call.path["account"], fields)))


def describe_account(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(account_view(accounts.refresh(call.shop.desk, call.path["account"])))


EXAMPLE: dict[str, Any] = {
    "id": "sandbox-eu",
    "channel": "sandbox",
    "name": "Sandbox, Europe",
    "cadence": {"every_minutes": 60, "time_zone": "Europe/Berlin"},
    "buffer": 2,
    "config": {},
}
_REJECTS = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
ROUTES = (
    Route(
        "POST",
        "/v1/accounts",
        Role.ADMIN,
        connect_account,
        (HTTPStatus.CREATED, AccountView),
        "Connect an account: its channel is asked what it can do; it starts in shadow mode",
        body=NewAccount,
        problems=_REJECTS,
        repeatable=True,
        example=EXAMPLE,
    ),
    Route(
        "GET",
        "/v1/accounts",
        Role.VIEWER,
        list_accounts,
        (HTTPStatus.OK, AccountsView),
        "All accounts",
    ),
    Route(
        "GET",
        "/v1/accounts/<account>",
        Role.VIEWER,
        get_account,
        (HTTPStatus.OK, AccountView),
        "One account, with what its channel can do and its locations there",
    ),
    Route(
        "PATCH",
        "/v1/accounts/<account>",
        Role.ADMIN,
        change_account,
        (HTTPStatus.OK, AccountView),
        "Change an account's settings, or make it live",
        body=AccountChange,
        problems=_REJECTS,
        example={"buffer": 5, "mode": "shadow"},
    ),
    Route(
        "POST",
        "/v1/accounts/<account>/describe",
        Role.OPERATOR,
        describe_account,
        (HTTPStatus.OK, AccountView),
        "Ask the channel again what it can do and which locations it has",
        problems=_REJECTS,
    ),
)
