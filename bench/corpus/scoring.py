"""What the explainer made of the cases. A finding is right only if its cause and units are."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bench.corpus.cases import POLICY, Case
from bench.corpus.policy import Truth
from trueup.domain.outcomes import Outcome
from trueup.explain.facts import Cause, Explanation, Facts

Explain = Callable[[Facts], Explanation]
CLEAR = ("single", "policy", "match", "noise", "tolerated")
"""Groups whose findings count for precision and recall. Tolerated: policy only."""
MAX_SAMPLES = 3
ORDER = (
    Cause.PUSH_NOT_VISIBLE,
    Cause.ORDERS_NOT_IMPORTED,
    Cause.CHANNEL_SOLD,
    Cause.LAG,
    Cause.RESERVATION_TWICE,
    Cause.MISSED_EVENT,
    Cause.DUPLICATE_EVENT,
    Cause.IN_TRANSIT,
    Cause.HOLD_SHOWN,
    Cause.SWAPPED_LOCATIONS,
    Cause.PACK_AS_UNITS,
    Cause.KIT_COMPONENT,
    Cause.POOL,
    Cause.OVERWRITTEN,
    Cause.HAND_EDIT,
    Cause.MOVED_BETWEEN_SNAPSHOTS,
)
"""Which of several causes is given, by docs/causes.md."""


@dataclass
class Tally:
    """Of one cause: cases that have it, findings that were right, findings given."""

    support: int = 0
    right: int = 0
    given: int = 0

    def asdict(self) -> dict[str, float | int]:
        precision = self.right / self.given if self.given else 0.0
        recall = self.right / self.support if self.support else 0.0
        return {
            "support": self.support,
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "given": self.given,
        }


@dataclass
class Score:
    """Everything printed. `confusions`: truth → answer, of clear cases, with names of cases."""

    causes: dict[Cause, Tally] = field(default_factory=lambda: defaultdict(Tally))
    groups: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    confusions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    gap_units: int = 0
    unexplained_units: int = 0
    wrong_matches: list[str] = field(default_factory=list)
    not_matched: list[str] = field(default_factory=list)
    wrong_sums: list[str] = field(default_factory=list)
    wrong_outcomes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    judged_outcomes: int = 0

    def add(self, case: Case, said: Explanation) -> None:
        self.groups[case.group] += 1
        _check_sum(self, case, said)
        _check_outcome(self, case, said)
        if case.group in CLEAR:
            _count(self, case, said)
        else:
            answer = _mixed(case, said) if "mixture" in case.group else _named(case, said)
            about = "" if "mixture" in case.group else f" {case.about}"
            self.answers[case.group + about][answer] += 1
            if answer == "wrong":
                self.confusions[f"{case.group}: {case.about} → {_words(said)}"].append(case.name)


def dynamic(said: Explanation) -> Truth:
    return tuple((f.cause, f.units) for f in said.findings if f.cause not in POLICY and f.units)


def _check_sum(score: Score, case: Case, said: Explanation) -> None:
    facts = case.facts
    delta = facts.sellable - facts.reported * facts.terms.pack_size
    if sum(finding.units for finding in said.findings) + said.unexplained != delta:
        score.wrong_sums.append(case.name)


def _check_outcome(score: Score, case: Case, said: Explanation) -> None:
    """Whether a difference passed for a match, or a match for a difference, in any group."""
    matches = case.gap == 0 or case.facts.tolerated
    if said.outcome is Outcome.MATCH and not matches:
        score.wrong_matches.append(case.name)
    if said.outcome is not Outcome.MATCH and matches:
        score.not_matched.append(case.name)
    if case.group == "single" and case.outcome and dynamic(said) == case.truth:
        score.judged_outcomes += 1
        if said.outcome is not case.outcome:
            what = f"{case.about}: {case.outcome.value} → {said.outcome.value}"
            score.wrong_outcomes[what].append(case.name)


def _count(score: Score, case: Case, said: Explanation) -> None:
    judged = case.group != "tolerated"
    truth = set(case.policy + (case.truth if judged else ()))
    given = [(f.cause, f.units) for f in said.findings if f.units]
    given = [one for one in given if judged or one[0] in POLICY]
    for cause, _ in truth:
        score.causes[cause].support += 1
    for cause, units in given:
        score.causes[cause].given += 1
        score.causes[cause].right += (cause, units) in truth
    if judged:
        score.gap_units += abs(case.gap) if case.truth else 0
        score.unexplained_units += abs(said.unexplained) if case.truth else 0
        if set(given) != truth:
            score.confusions[f"{case.group}: {case.about} → {_words(said)}"].append(case.name)
    if case.group == "noise":
        score.answers["noise"]["wrong" if dynamic(said) else "honestly unknown"] += 1


def _words(said: Explanation) -> str:
    """The dynamic causes that were given, in their order, and whether something was left."""
    words = sorted(cause.value for cause, _ in dynamic(said))
    return " + ".join(words + ["unexplained"] * bool(said.unexplained)) or "nothing"


def _mixed(case: Case, said: Explanation) -> str:
    given, causes = dynamic(said), {cause for cause, _ in case.truth}
    if not given:
        return "honestly unknown"
    if {cause for cause, _ in given} == causes and not said.unexplained:
        fits = any(set(given) == set(split) for split in case.splits)
        return "both found" if fits else "both found, split otherwise"
    known = {part for split in case.splits for part in split}
    if len(given) == 1 and given[0] in known:
        return "one found"
    return "named by another" if {c for c, _ in given} <= case.rivals else "wrong"


def _named(case: Case, said: Explanation) -> str:
    """Of a case that has more than one true answer, or none."""
    given = dynamic(said)
    if not given:
        return "honestly unknown"
    if case.truth and set(given) == set(case.truth):
        return "truth"
    if len(given) == 1 and given[0][0] in case.rivals:
        return _precedence(case, given[0][0])
    if not case.truth:
        return "two causes that fit" if len(given) > 1 and not said.unexplained else "wrong"
    return "wrong"


def _precedence(case: Case, answer: Cause) -> str:
    """A rival answer is as defined where the list of causes names it before the truth."""
    before = not case.truth or ORDER.index(answer) < ORDER.index(case.truth[0][0])
    return "rival, named before the truth" if before else "rival, named after the truth"


def scored(cases: Iterable[Case], explain: Explain) -> Score:
    score = Score()
    for case in cases:
        score.add(case, explain(case.facts))
    return score


def as_json(score: Score) -> dict[str, Any]:
    """For machines: numbers, and for each confusion how often and where first."""
    return {
        "causes": {c.value: score.causes[c].asdict() for c in Cause if c in score.causes},
        "groups": dict(sorted(score.groups.items())),
        "answers": {about: dict(found) for about, found in sorted(score.answers.items())},
        "unexplained_share": round(score.unexplained_units / max(1, score.gap_units), 4),
        "wrong_matches": score.wrong_matches,
        "not_matched": score.not_matched,
        "wrong_sums": score.wrong_sums,
        "outcomes_judged": score.judged_outcomes,
        "wrong_outcomes": _sampled(score.wrong_outcomes),
        "confusions": _sampled(score.confusions),
    }


def _sampled(found: dict[str, list[str]]) -> dict[str, Any]:
    ranked = sorted(found.items(), key=lambda item: -len(item[1]))
    return {what: {"cases": len(n), "first": n[:MAX_SAMPLES]} for what, n in ranked}
