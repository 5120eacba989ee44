"""`python -m local run [--once]`: start the embedded stack, deploy, run the demo on it."""

import argparse
import sys

from local.embedded import deployed
from local.paths import STATE
from local.stack import DEFAULT_PORT, StackError


def main() -> int:
    """Parse the command line and run; returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m local")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run the demo until Ctrl-C")
    run.add_argument("--once", action="store_true", help="end after the first reconciliation")
    once = parser.parse_args().once
    try:
        return _run(once=once)
    except KeyboardInterrupt:
        return 130 if once else 0  # interrupted before every account was reconciled
    except StackError as error:
        print(error, file=sys.stderr)
        return 1


def _run(*, once: bool) -> int:
    from local.demo import run  # noqa: PLC0415 only this command needs all that the demo needs

    print("Starting the embedded stack and deploying template.yaml ...", flush=True)
    with deployed(STATE, DEFAULT_PORT) as trueup:
        return run(trueup, once=once)


if __name__ == "__main__":
    sys.exit(main())
