"""Alerts as people see them: those that are open, and all there were."""

from dataclasses import dataclass

from trueup.domain.thresholds import Alert, Threshold
from trueup.ports import Registry
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

PAGES = 10
"""Of the list, that one request looks through."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """Some alerts, the newest first, and where to go on (None: that was all)."""

    alerts: tuple[Alert, ...]
    cursor: str | None


def open_alerts(registry: Registry, account: str | None) -> Alerts:
    """Of thresholds that are crossed now. NotFoundError: no such account."""
    prefix = () if account is None else (require_account(registry, account).value.id,)
    ids = [s.value.alarm.alert for s in all_of(registry, Threshold, *prefix) if s.value.alarm]
    found = (registry.get(Alert, id_) for id_ in sorted(ids, reverse=True))
    return Alerts(tuple(stored.value for stored in found if stored is not None), None)


def all_alerts(
    registry: Registry, account: str | None, cursor: str | None = None, limit: int = 50
) -> Alerts:
    """All there were, also of thresholds that are no more, the newest first.

    Those of one account are looked for: there may be fewer than asked for while there is a cursor.
    """
    if account is not None:
        require_account(registry, account)
    found: list[Alert] = []
    for _ in range(PAGES):
        page = registry.list(Alert, cursor=cursor, limit=limit - len(found), newest_first=True)
        alerts = (stored.value for stored in page.items)
        found += [alert for alert in alerts if account in (None, alert.account)]
        cursor = page.cursor
        if cursor is None or len(found) >= limit:
            break
    return Alerts(tuple(found), cursor)
