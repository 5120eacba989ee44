"""What a seller reads of a failure that is ours: the same words serve runs and imports."""

from trueup.usecases.reconcile.finalising import cause_of


def test_a_fault_of_ours_is_told_in_words_that_fit_an_import_too() -> None:
    cause = cause_of({"Error": "OverflowError", "Cause": "date value out of range"})
    assert "our side" in cause
    assert "run" not in cause.split()
    assert "range" not in cause
