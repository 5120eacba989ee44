"""Thresholds of an account, and the alerts that came of them."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import StringConstraints

from trueup.domain.accounts import Slug, Units
from trueup.domain.thresholds import Alert, Measure, Threshold
from trueup.usecases.alerts import reading, rules
from trueup.usecases.auth import Role
from trueup_api.fields import CodeText, Cursor, Limit
from trueup_api.routing import (
    NO_CONTENT,
    Answer,
    Call,
    NoBody,
    NoQuery,
    Route,
    Strict,
    created,
    ok,
)
from trueup_api.world import Shop


class NewThreshold(Strict):
    """Alerts while the measure of a run is above `limit`.

    `variance_rate` is in basis points (100 are 1 %), `units` in channel units, `value` in minor
    units of `currency`, `oversold_rows` in rows. Without `channel_location`: of all together.
    """

    measure: Measure
    limit: Units
    currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] = ""
    channel_location: CodeText | None = None


class ThresholdChange(Strict):
    """The fields to set; what is absent stays. Switched off, its open alert ends."""

    limit: Units = 0
    enabled: bool = True


class ThresholdView(Strict):
    """`alert` is the one that is open; null: it is not crossed."""

    id: str
    account: str
    channel_location: str | None
    measure: Measure
    currency: str
    limit: int
    enabled: bool
    created_by: str
    created_at: datetime
    alert: str | None


class ThresholdsView(Strict):
    thresholds: list[ThresholdView]


class AlertsQuery(Strict):
    """`open`: only those of thresholds that are crossed now; all of them, without a cursor."""

    account: Slug | None = None
    open: bool = False
    limit: Limit = 50
    cursor: Cursor | None = None


class AlertView(Strict):
    """One time that a threshold was crossed.

    `figure` crossed it, `peak` was the highest told, `latest` the last told; `told` counts how
    often. `cleared_by` is a run, or the user who switched the threshold off or removed it.
    """

    id: str
    account: str
    threshold: str
    channel_location: str | None
    measure: Measure
    currency: str
    limit: int
    figure: int
    peak: int
    latest: int
    run: str
    crossed_at: datetime
    told: int
    cleared_at: datetime | None
    cleared_by: str | None


class AlertsView(Strict):
    """There may be fewer alerts than asked for while there is a cursor."""

    alerts: list[AlertView]
    cursor: str | None


_PLAIN = tuple(name for name in ThresholdView.model_fields if name != "alert")


def threshold_view(threshold: Threshold) -> ThresholdView:
    fields = {name: getattr(threshold, name) for name in _PLAIN}
    return ThresholdView(**fields, alert=threshold.alarm.alert if threshold.alarm else None)


def alert_view(alert: Alert) -> AlertView:
    return AlertView(**{name: getattr(alert, name) for name in AlertView.model_fields})


def _watch(shop: Shop) -> rules.Watch:
    return rules.Watch(shop.registry, shop.world.clock, shop.world.new_id, shop.caller.user)


def add_threshold(call: Call[NoQuery, NewThreshold]) -> Answer:
    account = call.path["account"]
    made = rules.add_threshold(_watch(call.shop), account, call.body.model_dump())
    return created(threshold_view(made), f"/v1/accounts/{account}/thresholds/{made.id}")


def list_thresholds(call: Call[NoQuery, NoBody]) -> Answer:
    found = rules.list_thresholds(call.shop.registry, call.path["account"])
    return ok(ThresholdsView(thresholds=[threshold_view(threshold) for threshold in found]))


def get_threshold(call: Call[NoQuery, NoBody]) -> Answer:
    path = call.path
    stored = rules.require_threshold(call.shop.registry, path["account"], path["threshold"])
    return ok(threshold_view(stored.value))


def change_threshold(call: Call[NoQuery, ThresholdChange]) -> Answer:
    path, fields = call.path, call.body.model_dump(exclude_unset=True)
    watch = _watch(call.shop)
    changed = rules.change_threshold(watch, path["account"], path["threshold"], fields)
    return ok(threshold_view(changed))


def remove_threshold(call: Call[NoQuery, NoBody]) -> Answer:
    rules.remove_threshold(_watch(call.shop), call.path["account"], call.path["threshold"])
    return NO_CONTENT


def list_alerts(call: Call[AlertsQuery, NoBody]) -> Answer:
    query, registry = call.query, call.shop.registry
    if query.open:
        found = reading.open_alerts(registry, query.account)
    else:
        found = reading.all_alerts(registry, query.account, query.cursor, query.limit)
    return ok(AlertsView(alerts=[alert_view(one) for one in found.alerts], cursor=found.cursor))


THRESHOLD: dict[str, Any] = {"measure": "variance_rate", "limit": 100}
_REJECTS = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_ALL = "/v1/accounts/<account>/thresholds"
_ONE = f"{_ALL}/<threshold>"
ROUTES = (
    Route(
        "POST",
        _ALL,
        Role.ADMIN,
        add_threshold,
        (HTTPStatus.CREATED, ThresholdView),
        "Be told when a run of the account finds more than this",
        body=NewThreshold,
        problems=_REJECTS,
        repeatable=True,
        example=THRESHOLD,
    ),
    Route(
        "GET",
        _ALL,
        Role.VIEWER,
        list_thresholds,
        (HTTPStatus.OK, ThresholdsView),
        "The thresholds of an account",
    ),
    Route(
        "GET",
        _ONE,
        Role.VIEWER,
        get_threshold,
        (HTTPStatus.OK, ThresholdView),
        "One threshold, and whether it is crossed",
    ),
    Route(
        "PATCH",
        _ONE,
        Role.ADMIN,
        change_threshold,
        (HTTPStatus.OK, ThresholdView),
        "Change a threshold's limit, or switch it off or on",
        body=ThresholdChange,
        problems=_REJECTS,
        example={"limit": 250},
    ),
    Route(
        "DELETE",
        _ONE,
        Role.ADMIN,
        remove_threshold,
        (HTTPStatus.NO_CONTENT, None),
        "Remove a threshold; its alerts stay in the list",
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        "GET",
        "/v1/alerts",
        Role.VIEWER,
        list_alerts,
        (HTTPStatus.OK, AlertsView),
        "Alerts, the newest first: which thresholds were crossed, and are",
        query=AlertsQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
)
