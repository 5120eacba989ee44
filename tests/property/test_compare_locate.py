"""Finds keys that the run-by-run search misses or finds in the wrong place."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.compare.locate import locate
from trueup.domain.errors import DefectError

KEYS = st.integers(0, 30).map(lambda number: f"{number:02d}")


@pytest.fixture(autouse=True, scope="module", params=[(2, 1), (4, 1000), (256, 32)])
def strides(request: pytest.FixtureRequest) -> Iterator[None]:
    stride, few = request.param
    with (
        patch("trueup.compare.locate._STRIDE", stride),
        patch("trueup.compare.locate._FEW", few),
    ):
        yield


@given(st.lists(KEYS).map(sorted), st.sets(KEYS).map(sorted))
def test_every_key_is_where_list_index_says(keys: list[str], others: list[str]) -> None:
    match = locate(keys, others)
    expected = [others.index(key) if key in others else -1 for key in keys]
    found = list(range(len(keys))) if match.index is None else match.index.tolist()
    assert found == expected
    assert match.found.tolist() == [place >= 0 for place in expected]
    assert match.left().tolist() == [i for i, key in enumerate(others) if key not in keys]


@given(st.sets(KEYS, min_size=2).map(sorted), st.data())
def test_a_repeated_key_is_refused_where_keys_differ(keys: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(keys) - 2))
    with pytest.raises(DefectError):
        locate(keys, [*keys[: at + 1], *keys[at:]])
