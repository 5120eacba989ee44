"""A seller with one of everything, and requests that reach each route of the table with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.unit.api.api_world import ApiWorld, listing, row
from tests.unit.api.furnished_cases import furnish_cases
from tests.unit.api.furnished_exports import furnish_exports
from tests.unit.api.furnished_force import furnish_decisions
from tests.unit.api.furnished_plans import furnish_plans
from tests.unit.api.furnished_pushes import furnish_pushes
from tests.unit.api.furnished_replays import furnish_replays
from tests.unit.api.source_furniture import furnish_sources
from tests.unit.api.variance_furniture import furnish_variances
from trueup.books.schema import LISTINGS, RowUnknown, Unknown
from trueup.domain.imports import Drop, Import, ImportState
from trueup.domain.outcomes import Reason
from trueup.domain.thresholds import AlarmState, Alert, Measure, Threshold
from trueup.ports import Create, Replace
from trueup.usecases.books import listings_book
from trueup_api.routing import NoQuery, Route

SKUS = [f"S{i:02d}" for i in range(20)]
UNLISTED = ["U1", "U2"]


@dataclass(frozen=True)
class Furnished:
    """A seller's things by the name of the path or query parameter that stands for them.

    ``route:parameter`` where one route needs a thing of its own.
    """

    seller: str
    named: Mapping[str, str]

    def path(self, route: Route) -> str:
        """The route's address for these things, with its required query parameters."""
        path = route.path
        for name in (part[1:-1] for part in path.split("/") if part.startswith("<")):
            thing = self.named.get(f"{route.name}:{name}") or self.named[name]
            path = path.replace(f"<{name}>", quote(thing))
        query = {name: self.named.get(f"?{name}") or self.named[name] for name in _needed(route)}
        return f"{path}?{urlencode(query)}" if query else path

    def body(self, route: Route) -> Any:
        """The route's example, with these things where it names some."""
        return _renamed(dict(route.example), self.named) if route.takes_body else None


def furnish(api: ApiWorld, seller: str, prefix: str = "") -> Furnished:
    """Accounts, locations, a link, listings, positions, ended runs, and imports that wait.

    Two of what is listed in pages. Ids begin with the prefix, or with the seller.
    """
    admin = api.claims(seller)
    account, other, home = (f"{prefix or seller}-{end}" for end in ("eu", "us", "berlin"))
    api.call("POST", "/v1/locations", {"code": home, "name": f"{seller} home"}, claims=admin)
    for id_ in (account, other):
        new = {"id": id_, "channel": "sandbox", "name": f"{seller} account"}
        made = api.call("POST", "/v1/accounts", new, claims=admin)
        assert made.status == 201, made.text
    members = {"members": [{"location": home, "share": 50}]}
    put = api.call("PUT", f"/v1/accounts/{account}/links/1", members, claims=admin)
    assert put.status == 200, put.text
    rule = {"over": {"absolute": 0}, "under": {"percent": 1}}
    put = api.call("PUT", f"/v1/accounts/{account}/tolerances", rule, claims=admin)
    assert put.status == 200, put.text
    api.write_baseline(
        seller,
        home,
        [{"key": s, "on_hand": 5, "unknown": Unknown.STATED} for s in [*SKUS, *UNLISTED]],
    )
    unknown = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.CAP
    rows = [row(sku, 5, 5 + i % 2) for i, sku in enumerate(SKUS)]
    rows += [row(f"{code}\x00\x00", 0, 3, Reason.NOT_LISTED, unknown=unknown) for code in UNLISTED]
    titled = [listing(sku, f"{seller} {sku}") for sku in SKUS]
    api.compared({}, seller=seller, account=account)
    run = api.compared({"1": rows}, titled, seller=seller, account=account)
    api.write_book(seller, listings_book(other), LISTINGS, titled, "import")
    named = {
        "account": account,
        "location": home,
        "channel_location": "1",
        "run": run.id,
        "import": _waiting_import(api, seller, home),
        "threshold": _crossed_threshold(api, seller, account),
        "get_upload_form:import": _pending_import(api, seller, home),
        "side": "channel",
        "sku": SKUS[0],
        "?location": "1",
        **furnish_decisions(api, seller, other, account),
        **furnish_plans(api, seller, f"{prefix or seller}-jp", home, rows, titled),
        **furnish_replays(api, seller, run, *SKUS[1:4]),
        **furnish_exports(api, seller, account),
        **furnish_pushes(api, seller, account, other, *SKUS[4:6]),
        **furnish_cases(api, seller, account, home, SKUS[1]),
        **furnish_sources(api, seller, prefix or seller, home),
        **furnish_variances(api, seller, prefix or seller),
    }
    return Furnished(seller, named)


def _waiting_import(api: ApiWorld, seller: str, home: str) -> str:
    """It can be started again, confirmed, and has a report: enough for every route."""
    id_ = _pending_import(api, seller, home)
    registry = api.registries.of(seller)
    stored = registry.get(Import, id_)
    assert stored is not None
    api.imports.put(stored.value.object_key, b"sku,on_hand\n")
    changes = {
        "state": ImportState.AWAITING_CONFIRMATION,
        "drop": Drop(skus_before=9, skus_after=1, units_before=9, units_after=1),
        "report_key": f"reports/{seller}/report.csv",
    }
    registry.write(Replace(stored.value.model_copy(update=changes), stored.version))
    return id_


def _crossed_threshold(api: ApiWorld, seller: str, account: str) -> str:
    """A threshold that is crossed, and was before."""
    path, new = f"/v1/accounts/{account}/thresholds", {"measure": "units", "limit": 3}
    id_ = str(api.call("POST", path, new, claims=api.claims(seller)).body["id"])
    registry = api.registries.of(seller)
    stored = registry.get(Threshold, account, id_)
    assert stored is not None
    figures: dict[str, Any] = {
        "limit": 3,
        "figure": 9,
        "peak": 9,
        "latest": 9,
        "crossed_at": api.now,
    }
    alerts = [
        Alert(
            id=f"{run}-{id_}",
            account=account,
            threshold=id_,
            measure=Measure.UNITS,
            run=run,
            **figures,
        )
        for run in (api.new_id(), api.new_id())
    ]
    alarm = AlarmState(alert=alerts[-1].id, told=9)
    crossed = stored.value.model_copy(update={"alarm": alarm})
    registry.write(Replace(crossed, stored.version), *map(Create, alerts))
    return id_


def _pending_import(api: ApiWorld, seller: str, home: str) -> str:
    """It waits for its file."""
    body = {"kind": "baseline", "target": home}
    return str(api.call("POST", "/v1/imports", body, claims=api.claims(seller)).body["id"])


def _needed(route: Route) -> list[str]:
    """Required parameters, and the account wherever one can be given."""
    if route.query is NoQuery:
        return []
    fields = route.query.model_fields
    return [name for name, f in fields.items() if f.is_required() or name == "account"]


def _renamed(value: Any, named: Mapping[str, str]) -> Any:
    """An example with the locations and targets it names replaced by given ones."""
    if isinstance(value, list):
        return [_renamed(one, named) for one in value]
    if not isinstance(value, dict):
        return value
    known: dict[str, Any] = {"location": named["location"], "target": named["location"]}
    known |= {"source": named["source"], "sku": named["sku"]}
    if "skus" in value:  # an address of rows: its location is the channel's
        known = {"location": named["?location"], "skus": [named["sku"]]}
    if "account" in value and "pushes" in value:
        known = {"account": named["retried:account"], "pushes": [named["retried:push"]]}
    if "account" in value and "locations" in value:  # what a plan is about
        known = {"account": named["planned:account"]}
    if "status" in value and "account" in value:  # filters of a view
        known = {"account": named["account"]}
    return {k: known.get(k) or _renamed(v, named) for k, v in value.items()}
