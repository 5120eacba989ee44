"""Events on the account's default EventBridge bus; delivered at least once."""

import json
from typing import TYPE_CHECKING, Any

from trueup.adapters.errors import translated
from trueup.domain.errors import RetryLaterError
from trueup.domain.groups import merged
from trueup.domain.notices import Notice
from trueup.domain.runs import Run, RunState, Tally
from trueup.domain.time import iso

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "trueup"
RUN_COMPLETED = "RunCompleted"
LOCATIONS_BYTES = 200_000
"""Of an event's locations: EventBridge takes entries of 256 kB."""


class EventBridge:
    """Announces what has happened."""

    def __init__(self, client: "EventBridgeClient") -> None:
        self._client = client

    def run_completed(self, seller: str, run: Run) -> None:
        self._put(RUN_COMPLETED, run_detail(seller, run), "Announcing the run")

    def noticed(self, notice: Notice) -> None:
        self._put(notice.kind, notice.detail, "Sending a notice")

    def _put(self, kind: str, detail: dict[str, Any], doing: str) -> None:
        entry: PutEventsRequestEntryTypeDef = {
            "Source": SOURCE,
            "DetailType": kind,
            "Detail": json.dumps(detail, ensure_ascii=False),
        }
        with translated(doing):
            answer = self._client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise RetryLaterError("The event could not be sent yet.")


def run_detail(seller: str, run: Run) -> dict[str, Any]:
    """The event's detail: counts over all locations; `run` with `seller` makes it unique."""
    total = sum((location.tally for location in run.locations), Tally())
    told = _told(run)
    return {
        "schema": 1,
        "seller": seller,
        "account": run.account,
        "channel": run.channel,
        "run": run.id,
        "trigger": run.trigger,
        "state": run.state,
        "cause": run.cause,
        "opened_at": iso(run.opened_at),
        "finished_at": iso(run.finished_at) if run.finished_at else None,
        "locations": told,
        "locations_left_out": len(run.locations) - len(told),
        "rows": total.rows,
        "matching": total.matching,
        "differing": total.differing,
        "explained": total.explained,
        "stale": total.stale,
        "causes": _causes(run),
        "units_over": total.units_over,
        "units_under": total.units_under,
    }


def _told(run: Run) -> dict[str, str]:
    """The states of as many locations as there is room for, those that failed first."""
    told: dict[str, str] = {}
    room = LOCATIONS_BYTES
    for result in sorted(run.locations, key=lambda one: one.state is RunState.SUCCEEDED):
        line = json.dumps({result.channel_location: result.state}, ensure_ascii=False)
        room -= len(line.encode())
        if room < 0:
            break
        told[result.channel_location] = result.state
    return told


def _causes(run: Run) -> dict[str, int]:
    """Rows that do not match, by cause."""
    rows: dict[str, int] = {}
    for group in merged(group for result in run.locations for group in result.causes):
        rows[group.cause] = group.rows
    return rows
