"""`python -m bench reconcile --rows N --json`: what a run costs, beside the alternatives.

`python -m bench corpus --seed N --cases 200 --json`: how well differences are explained.

`python -m bench explained --rows N --json`: what explaining costs beside comparing.

`python -m bench ledger --json`: what appending, closing, folding and reading movements uses.

`python -m bench exports --rows N --json`: what writing a table as a file takes, beside others.

`python -m bench force --json`: orders that pushes overwrite, by what the channel can do.
"""

import argparse
import json
import platform
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench import explained, exports, force, ledger
from bench.compare import measure
from bench.corpus import command as corpus
from bench.reconcile import cases, frames_read_for_fifty, peaks

BUDGETS = Path(__file__).parent / "budgets.json"
PACKAGES = ("numpy", "zstandard", "msgspec", "datacompy", "polars")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    commands = parser.add_subparsers(dest="command", required=True)
    reconcile = commands.add_parser("reconcile", help="runs of one account of N rows")
    reconcile.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    reconcile.add_argument("--repeats", type=int, default=3)
    reconcile.add_argument("--json", action="store_true", help="for machines")
    corpus.add_options(commands.add_parser("corpus", help="explain differences of known cause"))
    explained.add_options(commands.add_parser("explained", help="explaining beside comparing"))
    ledger.add_options(commands.add_parser("ledger", help="movements appended, closed, read"))
    exports.add_options(commands.add_parser("exports", help="tables as files, beside others"))
    force.add_options(commands.add_parser("force", help="orders that come in while rows are set"))
    options = parser.parse_args()
    if options.command == "corpus":
        return corpus.run(options)
    if options.command == "explained":
        return explained.run(options)
    if options.command == "ledger":
        return ledger.run(options)
    if options.command == "exports":
        return exports.run(options)
    if options.command == "force":
        return force.run(options)
    results = [report(rows, options.repeats) for rows in options.rows]
    if options.json:
        print(json.dumps({"machine": machine(), "results": results}))
    else:
        print_all(results)
    return int(any(verdict["missed"] for one in results for verdict in one["budgets"]))


def machine() -> dict[str, str]:
    """Where and with what the figures were taken."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    return found | {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def report(rows: int, repeats: int) -> dict[str, Any]:
    """Everything measured at one size, and how it stands to the budgets."""
    cpu = measure(rows, repeats)
    figures: dict[str, Any] = {
        "rows": rows,
        "runs": [asdict(case) for case in cases(rows)],
        "cpu_seconds": asdict(cpu),
        "cpu_microseconds_a_row": round(cpu.first_run / rows * 1e6, 3),
        "cpu_ratio_to_plain_dict": round(cpu.ratio, 2),
        "cpu_ratio_to_datacompy": round(cpu.first_run / cpu.datacompy, 2)
        if cpu.datacompy
        else None,
        "peak_bytes": peaks(rows),
        "blobs_read_for_50_rows": frames_read_for_fifty(rows),
    }
    return figures | {"budgets": verdicts(figures)}


def verdicts(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Each budget that is set for this number of rows, with what was reached."""
    budgets: dict[str, float] = json.loads(BUDGETS.read_text()).get(str(figures["rows"]), {})
    reached = _flat(figures)
    return [
        {"what": what, "limit": limit, "reached": reached[what], "missed": reached[what] > limit}
        for what, limit in budgets.items()
    ]


def _flat(figures: dict[str, Any]) -> dict[str, float]:
    runs = {run["case"]: run for run in figures["runs"]}
    flat = {
        f"{case}: {name}": float(run[name])
        for case, run in runs.items()
        for name in ("write_units", "dollars", "blobs_of_rows")
    }
    flat["cpu ratio to plain dict"] = figures["cpu_ratio_to_plain_dict"]
    flat["cpu ratio to datacompy"] = figures["cpu_ratio_to_datacompy"] or 0.0
    flat["peak bytes of any function"] = max(figures["peak_bytes"].values())
    flat["blobs read for 50 rows"] = figures["blobs_read_for_50_rows"]
    return flat


def print_all(results: list[dict[str, Any]]) -> None:
    print("  ".join(f"{name} {value}" for name, value in machine().items()))
    for one in results:
        print(f"\n{one['rows']:,} rows")
        for run in one["runs"]:
            print(
                f"  {run['case']:<34} {run['write_units']:>8,.0f} WRU {run['items']:>6,} items "
                f"{run['bytes']:>10,} bytes {run['s3_puts']:>4} PUT {run['s3_gets']:>5} GET "
                f"{run['transitions']:>4} transitions  ${run['dollars']}"
                f" (an item a row: ${run['dollars_item_a_row']})"
            )
        print(f"  processor, medians: {one['cpu_seconds']}")
        print(
            f"  whole compare / plain-dict join: {one['cpu_ratio_to_plain_dict']}   "
            f"/ datacompy: {one['cpu_ratio_to_datacompy']}   "
            f"{one['cpu_microseconds_a_row']} us a row"
        )
        print(f"  peak bytes allocated: {one['peak_bytes']}")
        print(f"  blobs read for 50 rows from the middle: {one['blobs_read_for_50_rows']}")
        for verdict in one["budgets"]:
            mark = "MISSED" if verdict["missed"] else "kept"
            print(f"  {mark:>6}  {verdict['what']}: {verdict['reached']:g} of {verdict['limit']:g}")


if __name__ == "__main__":
    sys.exit(main())
