"""The far side of the demo: fills the channels through their own doors, as their owners would."""

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from typing import Any, Final

from local.demo import catalogue
from local.demo.errors import DemoError
from local.demo.functions import invoke
from local.demo.offers import Place, shown
from local.demo.people import SELLER
from local.demo.shops import FILE, SANDBOX, VENDURE
from local.embedded import Embedded
from local.vendure import SeedPlan, SeedVariant, VendureAdmin, VendureServer, seed

SECRET: Final = f"trueup/{SELLER}/vendure/{VENDURE.account}"


def fill_sandbox(trueup: Embedded) -> int:
    """Fill the sandbox shop anew; how many items it has then."""
    account = {"seller": SELLER, "account": SANDBOX.account}
    places = [
        {"id": place.name, "name": place.name, "items": _sandbox_items(place)}
        for place in SANDBOX.places
    ]
    order = {"operation": "sandbox.seed", "account": account, "locations": places}
    done = invoke(trueup, "channel-sandbox", order)
    if done.get("outcome") != "ok":
        raise DemoError(f"The sandbox was not filled: {done.get('reason') or done}")
    return sum(done["locations"].values())


def _sandbox_items(place: Place) -> list[list[Any]]:
    """[key, available, allocated, product id, GTIN, title]"""
    listed = [
        [offer.channel_key, units, 0, "", offer.gtin, offer.title]
        for offer, units in shown(SANDBOX, place)
    ]
    return listed + [[key, units] for key, units in place.strangers.items()]


def drop_file(trueup: Embedded) -> int:
    """Drop today's stock list of the retailer, its manifest last; how many rows it has."""
    rows = [row for place in FILE.places for row in _file_rows(place)]
    text = io.StringIO()
    csv.writer(text).writerows([("location", "key", "quantity", "title"), *rows])
    body, stamp = text.getvalue().encode("utf-8-sig"), datetime.now(UTC)
    name = f"stock-{stamp:%Y%m%d-%H%M%S}"
    manifest = {
        "schema": 1,
        "captured_at": stamp.isoformat(),
        "complete": True,
        "locations": [{"id": place.name, "name": place.name} for place in FILE.places],
        "files": [
            {
                "name": f"{name}.csv",
                "rows": len(rows),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
        ],
    }
    _drop(trueup, f"{name}.csv", body)
    _drop(trueup, f"{name}.manifest.json", json.dumps(manifest).encode())
    return len(rows)


def _file_rows(place: Place) -> list[tuple[str, str, int, str]]:
    listed = [
        (place.name, offer.channel_key, units, offer.title) for offer, units in shown(FILE, place)
    ]
    return listed + [(place.name, key, units, "") for key, units in place.strangers.items()]


def _drop(trueup: Embedded, name: str, body: bytes) -> None:
    key = f"drops/{SELLER}/{FILE.account}/{name}"
    trueup.client("s3").put_object(Bucket=trueup.outputs["DropBucketName"], Key=key, Body=body)


def vendure_plan() -> SeedPlan:
    """What the Vendure shop is to have. It counts on hand: what is in open orders too."""
    by_place = [dict(_vendure_units(place, first=not n)) for n, place in enumerate(VENDURE.places)]
    titles = {offer.sku: (offer.title, offer.price) for offer in VENDURE.offers}
    skus = list(dict.fromkeys(sku for units in by_place for sku in units))
    variants = tuple(
        SeedVariant(
            sku,
            *titles.get(sku, ("Discontinued", 990)),
            tuple(units.get(sku) for units in by_place),
        )
        for sku in skus
    )
    names = tuple(place.name for place in VENDURE.places)
    return SeedPlan(names, variants, catalogue.ORDERS)


def _vendure_units(place: Place, *, first: bool) -> dict[str, int]:
    """On hand by SKU. The shop takes what is ordered from its first location."""
    held = catalogue.ordered() if first else {}
    listed = {
        offer.channel_key: units + held.get(offer.sku, 0) for offer, units in shown(VENDURE, place)
    }
    return listed | dict(place.strangers)


def fill_vendure(server: VendureServer) -> tuple[int, int]:
    """Seed what the shop still lacks; how many variants and open orders it has then."""
    plan = vendure_plan()
    with VendureAdmin.of(server) as admin:
        done = seed(admin, plan)
    return len(done.variant_ids), len(plan.orders)


def keep_secret(trueup: Embedded, server: VendureServer) -> None:
    """Put the shop's login where only its connector can read it."""
    secrets = trueup.client("secretsmanager")
    login = json.dumps({"username": server.username, "password": server.password})
    try:
        secrets.create_secret(Name=SECRET, SecretString=login)
    except secrets.exceptions.ResourceExistsException:
        secrets.put_secret_value(SecretId=SECRET, SecretString=login)
