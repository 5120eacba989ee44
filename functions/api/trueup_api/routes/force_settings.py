"""What an account's admins allow when its channel is made right, and how its cooldowns stand."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from trueup.domain.accounts import Percent, Units
from trueup.domain.force import ForceSettings
from trueup.usecases.auth import Role
from trueup.usecases.force import settings
from trueup.usecases.force.slots import Cooling, coolings
from trueup.usecases.runs import require_account
from trueup_api.fields import CodeText
from trueup_api.routes.adjustment_forms import MoneyBody, MoneyView
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, ok
from trueup_api.tokens import path_token

Cooldowns = Annotated[
    dict[CodeText, Annotated[int, Field(ge=0, le=7 * 86400)]], Field(max_length=500)
]


class ForceSettingsBody(Strict):
    """All settings of an account: what is absent becomes what it was before any was set.

    Up to the limits a plan needs no second person; null: no such limit. `share`: percent of the
    rows of its locations; `to_zero`, `unexplained`: rows; `units`: base units, up and down;
    `value`: at price. `second_approval` false: an approver may approve their own plans.
    `first_rows`: rows of the first force of the account. `agreeing_captures`: how many captures
    in a row must have differed. `orders_covered` true: increases only where all orders up to the
    capture are known to be imported. `cooldowns`: seconds by channel location's id; for the
    others the account's own counts.
    """

    share: Percent | None = 20
    to_zero: Units | None = 50
    units: Units | None = 1_000
    value: MoneyBody | None = None
    unexplained: Units | None = 100
    second_approval: bool = True
    first_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    agreeing_captures: Annotated[int, Field(ge=1, le=2)] = 1
    orders_covered: bool = True
    cooldowns: Cooldowns = {}


class ForceSettingsView(Strict):
    """As they are set; until then, the defaults. `value` null: no limit."""

    account: str
    share: int | None
    to_zero: int | None
    units: int | None
    value: MoneyView | None
    unexplained: int | None
    second_approval: bool
    first_rows: int
    agreeing_captures: int
    orders_covered: bool
    cooldowns: dict[str, int]


class CooldownView(Strict):
    """One channel location. `seconds`: the cooldown that the next force starts there.

    `cooling_until`: nobody is admitted before, but retries and the first undo of a plan; `left`:
    seconds until then. `plan`, `part`: what is at work there; null: nothing.
    """

    id: str
    code: str
    name: str
    token: str
    seconds: int
    cooling_until: datetime | None
    left: int
    plan: str | None
    part: str | None


class CooldownsView(Strict):
    locations: list[CooldownView]


def settings_view(found: ForceSettings) -> ForceSettingsView:
    fields = found.model_dump(include=set(ForceSettingsView.model_fields))
    return ForceSettingsView.model_validate(fields)


def cooldown_view(cooling: Cooling) -> CooldownView:
    place, slot = cooling.place, cooling.slot
    plan, _, part = slot.holder.partition("/")
    return CooldownView(
        id=place.id,
        code=place.code,
        name=place.name,
        token=path_token(place.id),
        seconds=cooling.cooldown,
        cooling_until=slot.cooling_until if cooling.left else None,
        left=cooling.left,
        plan=plan or None,
        part=part or None,
    )


def get_force_settings(call: Call[NoQuery, NoBody]) -> Answer:
    registry = call.shop.registry
    account = require_account(registry, call.path["account"]).value
    return ok(settings_view(settings.settings_of(registry, account.id)))


def put_force_settings(call: Call[NoQuery, ForceSettingsBody]) -> Answer:
    fields = call.body.model_dump()
    stored = settings.set_settings(call.shop.registry, call.path["account"], fields)
    return ok(settings_view(stored))


def list_cooldowns(call: Call[NoQuery, NoBody]) -> Answer:
    shop = call.shop
    found = coolings(shop.registry, shop.world.clock, call.path["account"])
    return ok(CooldownsView(locations=[cooldown_view(one) for one in found]))


_SETTINGS = "/v1/accounts/<account>/force-settings"
ROUTES = (
    Route(
        "GET",
        _SETTINGS,
        Role.VIEWER,
        get_force_settings,
        (HTTPStatus.OK, ForceSettingsView),
        "Up to what a plan needs no second person, and what else an account allows",
    ),
    Route(
        "PUT",
        _SETTINGS,
        Role.ADMIN,
        put_force_settings,
        (HTTPStatus.OK, ForceSettingsView),
        "Set the limits of plans, whether a second person approves, and the cooldowns",
        body=ForceSettingsBody,
        problems=(HTTPStatus.CONFLICT,),
        example={"units": 500, "value": {"currency": "EUR", "amount": 250000}, "first_rows": 50},
    ),
    Route(
        "GET",
        "/v1/accounts/<account>/cooldowns",
        Role.VIEWER,
        list_cooldowns,
        (HTTPStatus.OK, CooldownsView),
        "When each channel location of an account may be forced again, and who is at work there",
    ),
)
