"""Cases, comments, rules and adjustments of a furnished seller."""

from typing import Any

from tests.unit.api.api_world import ApiWorld
from trueup.usecases.exceptions.names import incident_id


def furnish_cases(api: ApiWorld, seller: str, account: str, home: str, sku: str) -> dict[str, str]:
    """A case about a row that differs, one that is resolved, two comments, two rules."""
    row = {"kind": "row", "account": account, "location": "1", "sku": sku}
    open_case = _post(api, seller, "/v1/cases", {"subject": row})
    other = {"kind": "source", "location": home, "sku": sku}
    resolved = _post(api, seller, "/v1/cases", {"subject": other, "owner": "ada"})
    ended = {"version": 1, "root_cause": "damage"}
    _post(api, seller, f"/v1/cases/{resolved}/resolve", ended)
    for text in ("Seen.", "Counted."):
        _post(api, seller, f"/v1/cases/{open_case}/comments", {"text": text})
    rule = _post(api, seller, "/v1/routing-rules", {"id": f"{seller}-all", "owner": "ada"})
    return {
        "incident": incident_id(account, "1", "unexplained"),
        "case": open_case,
        "reopen_case:case": resolved,
        "rule": rule,
    }


def _post(api: ApiWorld, seller: str, path: str, body: Any) -> str:
    reply = api.call("POST", path, body, claims=api.claims(seller))
    assert reply.status in (200, 201), reply.text
    return str(reply.body["id"])
