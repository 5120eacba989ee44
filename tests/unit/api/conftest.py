import pytest

from tests.unit.api.api_world import ApiWorld


@pytest.fixture
def api() -> ApiWorld:
    return ApiWorld()
