"""The table of what the runs found."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from local.demo.screen import table
from local.demo.watching import seconds

HEADER: Final = (
    "account",
    "location",
    "fed by",
    "rows",
    "matching",
    "differing",
    "settling",
    "units over",
    "units under",
    "not compared",
    "duration",
    "cost",
)
_TEXTS: Final = 3
_NOTHING: Final = ("-",) * 7
"""The figures of what was not compared."""
NOTES: Final = (
    "settling: differs for causes that pass by themselves, and has time left to.",
    "units over: shown and not there (oversell risk); under: there and not shown (lost sales).",
    "not compared: of unknown stock, only on the channel, or listed and not on the channel.",
    "duration and cost are of the whole run; cost by AWS list prices.",
)


def findings(runs: Iterable[tuple[dict[str, Any], dict[str, Any], Sequence[Any]]]) -> list[str]:
    """Lines of the table, from (account, run, links)."""
    rows = [row for account, run, links in runs for row in _rows(account, run, links)]
    return table(HEADER, rows, _TEXTS)


def _rows(
    account: dict[str, Any], run: dict[str, Any], links: Sequence[Any]
) -> Iterator[tuple[str, ...]]:
    names = {place["id"]: place["name"] or place["id"] for place in account["locations"]}
    fed = {link["channel_location"]: _members(link) for link in links}
    whole = (f"{seconds(run):.1f} s", f"${float(run['cost']['usd']):.6f}")
    for number, result in enumerate(run["locations"]):
        location = result["channel_location"]
        yield (
            "" if number else account["id"],
            names.get(location, location),
            fed.get(location, ""),
            *_figures(result),
            *(("", "") if number else whole),
        )
    if not run["locations"]:
        yield (account["id"], f"none: {run['state']}", "", *_NOTHING, *whole)


def _members(link: dict[str, Any]) -> str:
    return " + ".join(member["location"] for member in link["members"])


def _figures(result: dict[str, Any]) -> Iterator[str]:
    tally = result["tally"]
    if result["state"] != "Succeeded":
        yield from _NOTHING
        return
    compared = tally["matching"] + tally["differing"] + tally["explained"]
    for figure in (
        tally["rows"],
        tally["matching"],
        tally["differing"],
        tally["explained"],
        tally["units_over"],
        tally["units_under"],
        tally["rows"] - compared,
    ):
        yield f"{figure:,}"
