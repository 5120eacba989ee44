"""`python -m bench corpus --seed N --cases 200`: precision and recall of the explainer."""

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.corpus.cases import DYNAMIC, POLICY, Case, matches, policies, singles
from bench.corpus.mixing import mixtures, noise
from bench.corpus.scoring import as_json, scored
from bench.corpus.seeds import DEVELOPMENT, FINAL

BUDGETS = Path(__file__).parents[1] / "budgets.json"
Drawn = dict[str, dict[str, int]]


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, nargs="+", help="default: the development seeds")
    parser.add_argument("--final", action="store_true", help="the seeds that are kept aside")
    parser.add_argument("--cases", type=int, default=200, help="of each kind")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--show", metavar="NAME", help="print the facts of a case and its answer")


def run(options: argparse.Namespace) -> int:
    """0 where every budget is kept."""
    if options.show:
        return _show(options)
    seeds = FINAL if options.final else options.seed or DEVELOPMENT
    reports = [report(seed, options.cases) for seed in seeds]
    if options.json:
        print(json.dumps({"results": reports}))
    else:
        for one in reports:
            print_one(one)
    return int(any(verdict["missed"] for one in reports for verdict in one["budgets"]))


def all_cases(seed: int, wanted: int, drawn: Drawn) -> Iterator[Case]:
    """Every kind; `drawn` says afterwards how many draws each kind took and what came of them."""
    for cause in DYNAMIC:
        yield from singles(seed, cause, wanted, _counter(drawn, cause.value))
    for cause in POLICY:
        yield from policies(seed, cause, wanted)
    yield from mixtures(seed, wanted, _counter(drawn, "mixtures"))
    yield from noise(seed, wanted, _counter(drawn, "noise"))
    yield from matches(seed, wanted)


def _counter(drawn: Drawn, about: str) -> Counter[str]:
    counter: Counter[str] = Counter()
    drawn[about] = counter
    return counter


def report(seed: int, wanted: int) -> dict[str, Any]:
    """The score of one seed, and how it stands to the budgets."""
    from trueup.explain.explain import explain  # noqa: PLC0415 - cases are made without it

    drawn: Drawn = {}
    found = as_json(scored(all_cases(seed, wanted, drawn), explain))
    figures: dict[str, Any] = {"seed": seed, "cases": wanted, "draws": drawn, **found}
    return figures | {"budgets": verdicts(figures)}


def verdicts(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Each budget with what was reached, and by which cause."""
    budgets: dict[str, float] = json.loads(BUDGETS.read_text())["corpus"]
    causes: dict[str, Any] = figures["causes"]
    reached = {
        f"{name} of {cause}": (numbers[name], budgets[name], numbers[name] < budgets[name])
        for cause, numbers in causes.items()
        for name in ("precision", "recall")
    }
    for name in ("wrong_matches", "not_matched", "wrong_sums"):
        reached[name] = (len(figures[name]), budgets[name], len(figures[name]) > budgets[name])
    for name, about in (("wrong_mixtures", "mixture"), ("wrong_noise", "noise")):
        share = _wrong_share(figures["answers"].get(about, {}))
        reached[name] = (share, budgets[name], share > budgets[name])
    thin = min(numbers["support"] for numbers in causes.values())
    reached["least support"] = (thin, figures["cases"], thin < figures["cases"])
    return [
        {"what": what, "limit": limit, "reached": value, "missed": missed}
        for what, (value, limit, missed) in reached.items()
    ]


def _wrong_share(answers: dict[str, int]) -> float:
    return round(answers.get("wrong", 0) / max(1, sum(answers.values())), 4)


def print_one(one: dict[str, Any]) -> None:
    print(f"\nseed {one['seed']}, {one['cases']} cases of each kind")
    for cause, numbers in one["causes"].items():
        print(
            f"  {cause:<24} support {numbers['support']:>5}  precision {numbers['precision']:.4f}"
            f"  recall {numbers['recall']:.4f}"
        )
    print(f"  unexplained share of single gaps: {one['unexplained_share']:.4f}")
    for about, answers in one["answers"].items():
        words = ", ".join(f"{what} {count}" for what, count in sorted(answers.items()))
        print(f"  {about}: {words}")
    for title in ("confusions", "wrong_outcomes"):
        for what, found in one[title].items():
            print(f"  {title}: {what}: {found['cases']} ({', '.join(found['first'])})")
    for about, counts in one["draws"].items():
        print(f"  drawn for {about}: {dict(counts)}")
    for verdict in one["budgets"]:
        if verdict["missed"]:
            print(f"  MISSED {verdict['what']}: {verdict['reached']} of {verdict['limit']}")


def _show(options: argparse.Namespace) -> int:
    """A case by its name, which has its seed: KIND/SEED/NUMBER."""
    from trueup.explain.explain import explain  # noqa: PLC0415

    seed = int(options.show.split("/")[1])
    for case in all_cases(seed, options.cases, {}):
        if case.name == options.show:
            print(case)
            print(explain(case.facts))
            return 0
    print(f"No such case: {options.show}. Name the number of cases it was made with.")
    return 1
