"""A build that looks for rows in vain until its Lambda is ended, which tells nobody why."""

import pytest

from tests.unit.exports.export_world import ExportWorld
from tests.unit.exports.test_building import job_of
from tests.world import ACCOUNT
from trueup.domain.exports import ExportState, Format
from trueup.usecases.audit.reading import Wanted
from trueup.usecases.exceptions.listing import Asked
from trueup.usecases.exports.building import TOO_LARGE, build_export
from trueup.usecases.exports.catalogue import CATALOGUE
from trueup.usecases.exports.freezing import Chosen
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.rows.filters import Filters

NOTHING: list[Chosen] = [
    Filters(account=ACCOUNT, title="no such title"),
    Filters(account=ACCOUNT, cause="no such cause"),
    Asked(ACCOUNT, "1", cause="no such cause"),
    Wanted(actor="nobody"),
    LogFilters(sku="nothing"),
]


@pytest.mark.parametrize("chosen", NOTHING, ids=repr)
def test_what_looks_for_rows_too_long_fails_with_advice(chosen: Chosen) -> None:
    world = ExportWorld()
    assert world.build(world.start(chosen, Format.CSV)).rows == 0
    done = build_export(world.work, job_of(world.start(chosen, Format.CSV)), lambda: True)
    assert (done.state, done.cause) == (ExportState.FAILED, TOO_LARGE)


@pytest.mark.parametrize("view", list(CATALOGUE))
def test_times_are_wide_enough_to_be_shown(view: str) -> None:
    """Spreadsheets show ##### for a time that is wider than its column."""
    shown = len("2026-03-01 12:00:00.000")
    widths = [field.width for field in CATALOGUE[view] if field.kind == "instant"]  # type: ignore[index]
    assert min(widths) > shown
