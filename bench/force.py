"""Orders that come in while rows are pushed: how many are overwritten, by what the channel can do.

Each trial is a row; orders come at random instants between its read, its write and its read-back.
The channel is one in memory, the code that pushes is the product's. Seeds are printed.
"""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import Any

from tests.unit.force.orders import ROWS, Simulation

MODES: dict[str, dict[str, Any]] = {
    "compares and sets": {},
    "compares and sets, answers get lost": {"lose": 40},
    "compares and sets, idempotent, answers get lost": {"lose": 40, "idempotent": True},
    "compares and sets, takes on hand": {"reports": "on_hand", "takes": "on_hand"},
    "cannot compare and set": {"cas": False},
    "cannot, takes on hand": {"cas": False, "reports": "on_hand", "takes": "on_hand"},
}


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--trials", type=int, default=20_000, help="of each kind of channel")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace) -> int:
    """1 if an order was overwritten where the channel compares and sets, or silently elsewhere."""
    chunks = -(-options.trials // ROWS)
    done = {
        name: Simulation(options.seed + number, modes).run(chunks)
        for number, (name, modes) in enumerate(MODES.items())
    }
    if options.json:
        print(json.dumps({name: asdict(one) for name, one in done.items()}))
    else:
        for name, one in done.items():
            _print(name, one)
    lost = any(one.overwritten for one in done.values() if one.modes.get("cas", True))
    return int(lost or any(one.silent for one in done.values()))


def _print(name: str, one: Simulation) -> None:
    print(f"{name} (seed {one.seed})")
    print(
        f"  {one.trials:,} rows, {one.orders:,} orders: {one.overwritten:,} units overwritten in "
        f"{one.hit:,} rows, {one.silent} of which do not say so"
    )
    print("  " + ", ".join(f"{count:,} {what}" for what, count in sorted(one.outcomes.items())))
