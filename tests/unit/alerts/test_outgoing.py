"""The sample events of `events/outgoing/` say what is really sent.

For whoever built a rule on a field that is no longer there.
"""

import json
from datetime import timedelta
from typing import Any

import pytest

from local.paths import ROOT
from tests.force_world import ForceWorld
from tests.unit.alerts.test_checking import bell, ended
from tests.unit.alerts.test_thresholds import threshold
from tests.unit.audit.test_ledgers import Shop
from tests.world import ACCOUNT, World
from trueup.domain.notices import Notice
from trueup.domain.thresholds import Measure
from trueup.ports import Create
from trueup.usecases.alerts.checking import ring

SAMPLES = {
    path.stem: json.loads(path.read_text()) for path in (ROOT / "events/outgoing").glob("*.json")
}


def sent(*units: int) -> Notice:
    """The last of what is sent when runs find so many units."""
    world = World()
    world.link()
    world.registry.write(Create(threshold(Measure.UNITS)))
    for found in units:
        ended(world, found)
        ring(bell(world), ACCOUNT)
    return world.events.notices[-1]


def anchored() -> Notice:
    shop = Shop()
    shop.now += timedelta(minutes=1)
    shop.anchor()
    notice: Notice = shop.events.notices[-1]
    return notice


def forced() -> Notice:
    world = ForceWorld()
    world.furnish({"A": 1}, {"A": 2})
    world.force(world.plan({"A": 2}))
    return world.events.notices[-1]


REAL = {
    "threshold_crossed": lambda: sent(11),
    "threshold_worsened": lambda: sent(11, 20),
    "threshold_cleared": lambda: sent(11, 0),
    "audit_anchored": anchored,
    "force_completed": forced,
}


def shape(detail: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in detail.items()}


@pytest.mark.parametrize("name", sorted(REAL))
def test_a_sample_has_the_fields_and_types_of_the_real_event(name: str) -> None:
    sample, real = SAMPLES[name], REAL[name]()
    assert sample["source"] == "trueup"
    assert sample["detail-type"] == real.kind
    assert shape(sample["detail"]) == shape(real.detail)
    assert sample["detail"].get("change") == real.detail.get("change")
    assert json.loads(json.dumps(real.detail)) == real.detail


def test_there_is_a_sample_of_each_and_no_other() -> None:
    assert set(SAMPLES) == set(REAL)
