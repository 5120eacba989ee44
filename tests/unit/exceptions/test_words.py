"""Causes that people would see by their bare name."""

from trueup.domain.cause_words import SENTENCES, sentence_of
from trueup.domain.exceptions import CAUSE_OF, UNEXPLAINED
from trueup.domain.outcomes import Outcome, Reason, outcome_of
from trueup.explain.facts import Cause


def test_every_cause_has_a_sentence() -> None:
    causes = {cause.value for cause in Cause} | set(CAUSE_OF.values()) | {UNEXPLAINED, "variance"}
    assert causes == set(SENTENCES)


def test_every_reason_that_is_no_gap_has_a_cause() -> None:
    gaps = {Reason.DIFFERS, Reason.EXPLAINED}
    exceptions = {reason for reason in Reason if outcome_of(reason) is not Outcome.MATCH}
    assert exceptions - gaps == set(CAUSE_OF)


def test_a_cause_of_a_later_version_is_named() -> None:
    assert sentence_of("moon_phase") == "The cause is moon phase."
