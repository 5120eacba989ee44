"""Why a row differs: `delta = sum of causes + unexplained`. A pure function of its facts."""

from collections.abc import Sequence

from trueup.domain.outcomes import Outcome
from trueup.domain.stock import publishable
from trueup.explain.choosing import Share, choose
from trueup.explain.evidence import instant
from trueup.explain.facts import Evidence, Explanation, Facts, Finding
from trueup.explain.policy import policy
from trueup.explain.predicting import Row


def explain(facts: Facts) -> Explanation:
    """The causes of one row's delta with their evidence, and the outcome; see docs/causes.md.

    Where `publishable` is not what the terms make of `sellable`, nothing can be predicted, and
    the gap stays unexplained.
    """
    findings = policy(facts.sellable, facts.terms)
    gap = facts.publishable - facts.reported
    coherent = publishable(facts.sellable, facts.terms) == facts.publishable
    shares = choose(Row(facts), gap) if gap and coherent else []
    pack = facts.terms.pack_size
    findings += [_finding(share, pack, facts.captured_at) for share in shares]
    delta = facts.sellable - facts.reported * pack
    unexplained = delta - sum(finding.units for finding in findings)
    if gap == 0 or facts.tolerated:
        return Explanation(tuple(findings), unexplained, Outcome.MATCH)
    return _judged(tuple(findings), unexplained, shares, facts.captured_at)


def _judged(
    findings: tuple[Finding, ...], unexplained: int, shares: Sequence[Share], captured_at: int
) -> Explanation:
    """Explained while all of it passes by itself and none of that is overdue.

    What nothing but terms seems to explain, although there is a gap, is not.
    """
    settles = [s.candidate.settles for s in shares if s.candidate.settles is not None]
    stale = [until for until in settles if until <= captured_at]
    told = bool(shares) and not unexplained
    passes = told and not stale and all(s.candidate.passes for s in shares)
    return Explanation(
        findings,
        unexplained,
        Outcome.EXPLAINED if passes else Outcome.EXCEPTION,
        settling_until=min(settles) if settles and passes else None,
        stale_since=min(stale, default=None),
    )


def _finding(share: Share, pack: int, captured_at: int) -> Finding:
    candidate = share.candidate
    evidence = candidate.evidence() | _settling(candidate.settles, captured_at) | share.more
    return Finding(candidate.cause, share.units * pack, evidence)


def _settling(settles: int | None, captured_at: int) -> Evidence:
    if settles is None:
        return {}
    return {"stale_since" if settles <= captured_at else "settling_until": instant(settles)}
