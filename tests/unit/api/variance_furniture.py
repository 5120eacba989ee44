"""A location whose source stated another position than its movements lead to."""

from collections.abc import Mapping
from datetime import timedelta

from tests.unit.api.api_world import ApiWorld
from trueup.domain.time import iso
from trueup.usecases.ingest.stepping import take_step
from trueup.usecases.ingest.steps import Order
from trueup.usecases.ingest.validating import validate_import
from trueup.usecases.ingest.work import IngestWork

STEPS = ("import", "variances")


def furnish_variances(api: ApiWorld, seller: str, prefix: str) -> dict[str, str]:
    """Two SKUs differ, two were counted, and there are two statements."""
    till, source = f"{prefix}-till", f"{prefix}-wms"
    new = {"code": till, "name": f"{seller} till"}
    made = api.call("POST", "/v1/locations", new, claims=api.claims(seller))
    assert made.status == 201, made.text
    state_stock(api, seller, till, {"S01": 5, "S02": 5, "S03": 5}, source)
    api.now += timedelta(hours=1)
    tell(api, seller, source, till, ("ship", "S01", 2), ("count", "S02", 4), ("count", "S03", 5))
    state_stock(api, seller, till, {"S01": 1, "S02": 3, "S03": 5}, source)
    routes = ("list_variances", "list_variance_history", "get_variance", "list_counts")
    places = {f"{route}:location": till for route in routes}
    return places | {"get_variance:sku": "S01"}


def state_stock(
    api: ApiWorld, seller: str, location: str, stock: Mapping[str, int], source: str
) -> None:
    """Import a baseline through the API, and do what its execution would."""
    rows = [{"sku": sku, "on_hand": units} for sku, units in stock.items()]
    new = {"kind": "baseline", "target": location, "source": source, "max_drop_percent": 100}
    body = new | {"as_of": iso(api.now), "rows": rows}
    made = api.call("POST", "/v1/imports", body, claims=api.claims(seller))
    assert made.status in (200, 201, 202), made.text
    pages, ledger = api.pages_of(seller), api.ledger_of(seller)
    work = IngestWork(api.registries.of(seller), pages, api.imports, api.clock, ledger)
    id_ = made.body["import"]["id"] if "import" in made.body else made.body["id"]
    validate_import(work, id_)
    for step in STEPS:
        ended = take_step(work, Order(1, seller, id_, step), lambda: False)  # type: ignore[arg-type]
        assert ended.state == "Applied", ended.cause


def tell(
    api: ApiWorld, seller: str, source: str, location: str, *events: tuple[str, str, int]
) -> None:
    """(kind, SKU, quantity) of half an hour ago."""
    at = iso(api.now - timedelta(minutes=30))
    told = [
        {"id": f"{location}-{at}-{n}", "kind": kind, "sku": sku, "quantity": units}
        | {"location": location, "occurred_at": at}
        for n, (kind, sku, units) in enumerate(events)
    ]
    body = {"source": source, "movements": told}
    made = api.call("POST", "/v1/movements", body, claims=api.claims(seller))
    assert made.status == 200, made.text
