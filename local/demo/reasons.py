"""What the runs found out: why rows differ, and what to look at first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from local.demo.api import Api
from local.demo.screen import table

_ROWS: Final = ("account", "location", "item", "delta", "outcome", "what happened")
_INCIDENTS: Final = ("account", "location", "cause", "rows", "over", "under", "value, EUR")
_FOUND: Final = ("match", "unexplained", "not_listed", "not_on_channel", "unknown", "stale")
"""What rows are counted under that no cause was found for."""
_TOP: Final = 6


def reasons(api: Api, accounts: Iterable[str]) -> list[str]:
    """Lines of a table of the rows with a cause between publishable and reported."""
    rows = [row for account in accounts for row in differing(api, account)]
    found = [row for row in rows if row["cause"] not in _FOUND]
    return table(_ROWS, [_reason(row) for row in found], len(_ROWS))


def differing(api: Api, account: str) -> Iterator[Any]:
    """All rows of an account that are compared and do not match."""
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"/v1/rows?account={account}&status=Failed&limit=100{cursor}")
        yield from (row for row in page["rows"] if row["gap"])
        cursor = f"&cursor={page['cursor']}" if page["cursor"] else None


def _reason(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["account"],
        row["channel_inventory"]["location_name"],
        row["channel_identifier"],
        f"{row['delta']:+}",
        row["outcome"],
        " ".join(f"{cause['units']:+}: {cause['sentence']}" for cause in row["causes"]),
    )


def exceptions(api: Api) -> list[str]:
    """Lines of a table of the most urgent incidents of rows that differ."""
    found = api.get("/v1/incidents?limit=50")["incidents"]
    gaps = [one for one in found if one["units_over"] or one["units_under"]]
    names = {
        (account["id"], place["id"]): place["name"] or place["id"]
        for account in api.get("/v1/accounts")["accounts"]
        for place in account["locations"]
    }
    lines = table(_INCIDENTS, [_incident(one, names) for one in gaps[:_TOP]], 3)
    others = (
        f"{min(len(gaps), _TOP)} of {len(found)} incidents; the first of those with units at stake."
    )
    return [*lines, f"{others} Units are the channel's."]


def _incident(one: dict[str, Any], names: Mapping[tuple[str, str], str]) -> Sequence[str]:
    units = (one[name] for name in ("rows", "units_over", "units_under"))
    return (
        one["account"] or "",
        names.get((one["account"], one["location"]), one["location"]),
        one["sentence"],
        *map(str, units),
        f"{one['value'].get('EUR', 0) / 100:,.2f}",
    )
