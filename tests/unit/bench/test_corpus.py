"""The corpus itself: its worlds agree with themselves, and its score can tell right from wrong."""

from collections import Counter
from collections.abc import Mapping

import pytest

from bench.corpus.cases import DYNAMIC, POLICY, Case
from bench.corpus.command import all_cases, verdicts
from bench.corpus.scoring import Score, as_json, scored
from bench.corpus.seeds import DEVELOPMENT, FINAL
from trueup.domain.movements import Bucket, MovementKind, direct_effect, net_of
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import delta, kit_units, publishable, shared
from trueup.explain.explain import explain
from trueup.explain.facts import Cause, Explanation, Facts, Finding, Stock

WANTED = 12


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(all_cases(11, WANTED, {}))


@pytest.fixture(scope="module")
def by_facts(cases: list[Case]) -> Mapping[int, Case]:
    return {id(case.facts): case for case in cases}


def all_stocks(facts: Facts) -> list[Stock]:
    return [*facts.stocks, *(stock for part in facts.components for stock in part.stocks)]


def sellable_of(stock: Stock, at: int) -> int:
    """By the product's table of movements, which the corpus does not use."""
    assert stock.base
    assert stock.base.on_hand is not None
    have = Counter({Bucket.ON_HAND: stock.base.on_hand, Bucket.COMMITTED: stock.base.committed})
    have.update({Bucket.DAMAGED: stock.base.damaged, Bucket.ON_HOLD: stock.base.on_hold})
    nets = dict(stock.nets)
    for movement in (m for m in stock.movements if m.occurred_at <= at):
        if movement.kind == MovementKind.COUNT:
            have[Bucket.ON_HAND] = movement.quantity
            continue
        for bucket, units in direct_effect(movement).items():
            have[bucket] += units
        if netted := net_of(movement):
            key = (netted[0].value, movement.reference)
            before = nets.get(key, 0)
            nets[key] = before + netted[1]
            have[netted[0]] += max(0, nets[key]) - max(0, before)
    held = have[Bucket.COMMITTED] + have[Bucket.DAMAGED] + have[Bucket.ON_HOLD]
    return have[Bucket.ON_HAND] - held


def pooled_of(stocks: tuple[Stock, ...], at: int) -> int:
    return sum(shared(sellable_of(stock, at), stock.share) or 0 for stock in stocks)


def test_positions_agree_with_the_product_s_own_arithmetic(cases: list[Case]) -> None:
    for case in cases:
        facts, at = case.facts, case.facts.captured_at
        if facts.components:
            made = kit_units([(pooled_of(c.stocks, at), c.per_kit) for c in facts.components])
            assert facts.sellable == made, case.name
        else:
            assert facts.sellable == pooled_of(facts.stocks, at), case.name
        assert facts.publishable == publishable(facts.sellable, facts.terms), case.name


def test_the_truth_adds_up_to_the_delta(cases: list[Case]) -> None:
    for case in cases:
        facts, gap = case.facts, case.gap
        whole = delta(facts.sellable, facts.reported, facts.terms.pack_size)
        assert sum(units for _, units in case.policy) + gap == whole, case.name
        for split in case.splits or ([case.truth] if case.truth else []):
            assert sum(units for _, units in split) == gap, case.name


def test_what_is_told_of_a_world_is_in_order(cases: list[Case]) -> None:
    for case in cases:
        facts = case.facts
        assert facts.captured_at <= facts.now
        assert facts.reported >= 0
        for stock in all_stocks(facts):
            assert list(stock.movements) == sorted(stock.movements, key=lambda m: m.order)
            assert all(stock.base_at < m.occurred_at <= facts.now for m in stock.movements)
            assert len({m.id for m in stock.movements}) == len(stock.movements)
            assert not any(m.claim for m in stock.movements)
            assert stock.base_at <= facts.captured_at
        assert all(order.claim and order.occurred_at <= facts.now for order in facts.orders)
        assert all(p.accepted_at <= facts.captured_at for p in facts.pushes)
        assert all((p.seen_at or 0) <= facts.captured_at for p in facts.pushes)


def test_references_told_as_known_are_in_the_ledger(cases: list[Case]) -> None:
    for case in cases:
        ledger = {m.reference for stock in all_stocks(case.facts) for m in stock.movements}
        told = {order.reference for order in case.facts.orders}
        assert case.facts.order_references <= ledger & told, case.name


def test_every_cause_has_as_many_clear_cases_as_wanted(cases: list[Case]) -> None:
    groups = Counter((case.group, case.about) for case in cases)
    assert {cause: groups["single", cause.value] for cause in DYNAMIC} == dict.fromkeys(
        DYNAMIC, WANTED
    )
    assert {cause: groups["policy", cause.value] for cause in POLICY} == dict.fromkeys(
        POLICY, WANTED
    )
    assert set(DYNAMIC) | set(POLICY) == set(Cause)
    kinds = Counter(case.group for case in cases)
    assert kinds["mixture"] == kinds["noise"] == kinds["match"] + kinds["tolerated"] == WANTED


def test_a_seed_gives_the_same_cases_and_another_one_others(cases: list[Case]) -> None:
    assert list(all_cases(11, WANTED, {})) == cases
    others = {case.name.split("/")[0]: case.facts for case in all_cases(12, WANTED, {})}
    assert all(case.facts != others[case.name.split("/")[0]] for case in cases)


def test_only_differences_are_single_or_mixed(cases: list[Case]) -> None:
    for case in cases:
        assert (case.gap == 0) == (case.group in {"match", "policy"}), case.name
        assert case.group != "single" or not case.rivals, case.name


def test_final_seeds_are_kept_apart() -> None:
    assert not set(FINAL) & set(DEVELOPMENT)


def an_oracle(by_facts: Mapping[int, Case], facts: Facts) -> Explanation:
    case = by_facts[id(facts)]
    findings = tuple(Finding(cause, units) for cause, units in case.policy + case.truth)
    match = case.gap == 0 or facts.tolerated
    unexplained = 0 if case.truth else case.gap
    right = Outcome.MATCH if match else case.outcome or Outcome.EXCEPTION
    return Explanation(findings, unexplained, right)


def judged(score: Score) -> dict[str, bool]:
    found = verdicts({"cases": WANTED, **as_json(score)})
    return {verdict["what"]: verdict["missed"] for verdict in found}


def test_who_knows_the_truth_keeps_every_budget(
    cases: list[Case], by_facts: Mapping[int, Case]
) -> None:
    score = scored(cases, lambda facts: an_oracle(by_facts, facts))
    assert not any(judged(score).values())
    assert set(score.causes) == set(Cause)
    assert not score.confusions
    assert not score.wrong_outcomes
    assert score.answers["mixture"] == {"both found": WANTED}


def test_right_causes_with_wrong_units_are_wrong(
    cases: list[Case], by_facts: Mapping[int, Case]
) -> None:
    def off_by_one(facts: Facts) -> Explanation:
        said = an_oracle(by_facts, facts)
        findings = tuple(Finding(f.cause, f.units + 1) for f in said.findings)
        return Explanation(findings, said.unexplained - len(findings), said.outcome)

    score = scored(cases, off_by_one)
    assert all(tally.right == 0 for tally in score.causes.values())
    assert not score.wrong_sums


def test_a_difference_called_a_match_is_told(cases: list[Case]) -> None:
    def all_is_well(facts: Facts) -> Explanation:
        whole = facts.sellable - facts.reported * facts.terms.pack_size
        return Explanation((), whole, Outcome.MATCH)

    score = scored(cases, all_is_well)
    wrong = {case.name for case in cases if case.gap and not case.facts.tolerated}
    assert set(score.wrong_matches) == wrong
    assert judged(score)["wrong_matches"]
    assert all(judged(score)[f"recall of {cause}"] for cause in Cause)


def test_the_explainer_never_calls_a_difference_a_match_and_its_sums_hold(
    cases: list[Case],
) -> None:
    score = scored(cases, explain)
    assert not score.wrong_matches
    assert not score.not_matched
    assert not score.wrong_sums
