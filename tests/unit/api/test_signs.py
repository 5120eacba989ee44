"""Deltas and gaps that tell to add where units are to be taken away."""

import pytest

from tests.unit.api.api_world import ApiWorld, row


@pytest.mark.parametrize(
    ("sellable", "reported", "delta", "direction"),
    [(8, 3, 5, "under"), (2, 5, -3, "over"), (4, 4, 0, None)],
)
def test_positive_is_to_be_added_and_negative_to_be_deducted(
    api: ApiWorld, sellable: int, reported: int, delta: int, direction: str | None
) -> None:
    api.connect()
    api.compared({"1": [row("A", sellable, reported)]})
    (found,) = api.call("GET", "/v1/rows?channel=sandbox").body["rows"]
    assert (found["delta"], found["gap"], found["direction"]) == (delta, delta, direction)
