"""Finds: a run that cannot end since its locations have found too much for one transaction."""

import pytest

from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT
from trueup.domain.groups import CauseGroup
from trueup.domain.runs import History, LocationResult, RunState
from trueup.usecases.reconcile import showing
from trueup.usecases.reconcile.grouping import size_of
from trueup.usecases.reconcile.showing import Finding, batched

PLACES = ("1", "2", "3")


@pytest.mark.parametrize(("groups", "batches"), [(0, 4), (60, 7), (1_000, 15)])
def test_batches_are_of_so_many_locations_and_bytes(groups: int, batches: int) -> None:
    samples = tuple(CauseGroup(cause="lag", samples=("K" * 500,) * 5) for _ in range(groups))
    results = [
        LocationResult(channel_location=f"{n}", state=RunState.SUCCEEDED, causes=samples)
        for n in range(100)
    ]
    found = list(batched([Finding(result, None) for result in results]))
    assert [one.result for batch in found for one in batch] == results
    assert len(found) == batches
    for batch in found:
        sizes = (min(size_of([one.result]), showing.HISTORY_BYTES) for one in batch)
        assert sum(sizes) <= showing.TRANSACTION_BYTES
        assert len(batch) <= showing.LOCATIONS_A_TRANSACTION


def test_a_run_ends_in_as_many_transactions_as_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "TRANSACTION_BYTES", 1)
    world = stocked(20, PLACES)
    world.shelf.stock |= {(place, "SKU-0007"): 99 for place in PLACES}
    run = world.reconcile()
    assert run.state is RunState.SUCCEEDED
    assert [result.version for result in run.locations] == [1, 1, 1]
    for place in PLACES:
        kept = world.registry.get(History, ACCOUNT, place, run.id)
        assert kept is not None
        assert kept.value.tally.differing == 1


def test_what_one_location_found_fits_into_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "HISTORY_BYTES", 500)
    world = stocked(20)
    world.shelf.stock |= {("1", f"SKU-{n:04d}"): 99 for n in range(10, 20)}
    run = world.reconcile()
    kept = world.registry.get(History, ACCOUNT, "1", run.id)
    assert kept is not None
    assert [(group.rows, group.samples) for group in kept.value.causes] == [(10, ())]
    assert len(run.locations[0].causes[0].samples) == 5
