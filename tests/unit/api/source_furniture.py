"""Sources of a seller, and a rule, for the routes that need some."""

from tests.unit.api.api_world import ApiWorld


def furnish_sources(api: ApiWorld, seller: str, prefix: str, home: str) -> dict[str, str]:
    """A source that owns the movements of a location, and one that owns nothing."""
    admin = api.claims(seller)
    owner, spare = f"{prefix}-wms", f"{prefix}-spare"
    for code in (owner, spare):
        made = api.call("POST", "/v1/sources", {"code": code, "name": code}, claims=admin)
        assert made.status == 201, made.text
    path = f"/v1/ownerships/movements/{home}"
    put = api.call("PUT", path, {"source": owner}, claims=admin)
    assert put.status == 200, put.text
    return {
        "source": owner,
        "remove_source:source": spare,
        "domain": "movements",
        "place": home,
    }
