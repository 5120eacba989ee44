"""Cases, comments, rules and adjustments of a furnished seller."""

from typing import Any

from tests.unit.api.api_world import ApiWorld
from trueup.usecases.exceptions.names import incident_id


def furnish_cases(api: ApiWorld, seller: str, account: str, home: str, sku: str) -> dict[str, str]:
    """A case about a row that differs, one that is resolved, comments, a rule, adjustments."""
    row = {"kind": "row", "account": account, "location": "1", "sku": sku}
    open_case = _post(api, seller, "/v1/cases", {"subject": row})
    other = {"kind": "source", "location": home, "sku": sku}
    resolved = _post(api, seller, "/v1/cases", {"subject": other, "owner": "ada"})
    ended = {"version": 1, "root_cause": "damage"}
    _post(api, seller, f"/v1/cases/{resolved}/resolve", ended)
    for text in ("Seen.", "Counted."):
        _post(api, seller, f"/v1/cases/{open_case}/comments", {"text": text})
    rule = _post(api, seller, "/v1/routing-rules", {"id": f"{seller}-all", "owner": "ada"})
    correction = {"location": home, "sku": sku, "quantity": -50, "reason": "lost"}
    proposed = _post(api, seller, "/v1/adjustments", correction)
    other_hands = api.claims(seller, sub=f"{seller}-other")
    for code in (sku, f"{sku[:-1]}9"):
        made = _post(api, seller, "/v1/adjustments", {**correction, "sku": code})
        approved = api.call("POST", f"/v1/adjustments/{made}/approve", {}, claims=other_hands)
        assert approved.body["state"] == "applied", approved.text
    return {
        "adjustment": proposed,
        "approve_adjustment:adjustment": _proposed_by_another(api, seller, correction),
        "incident": incident_id(account, "1", "unexplained"),
        "case": open_case,
        "reopen_case:case": resolved,
        "rule": rule,
    }


def _proposed_by_another(api: ApiWorld, seller: str, correction: Any) -> str:
    """One that its seller's usual user may approve."""
    hands = api.claims(seller, sub=f"{seller}-other")
    return str(api.call("POST", "/v1/adjustments", correction, claims=hands).body["id"])


def _post(api: ApiWorld, seller: str, path: str, body: Any) -> str:
    reply = api.call("POST", path, body, claims=api.claims(seller))
    assert reply.status in (200, 201), reply.text
    return str(reply.body["id"])
