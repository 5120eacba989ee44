"""Connecting a seller to a Vendure shop, with baselines made from what the shop shows."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.vendure import VendureAdmin, VendureServer
from tests.stack_world import StackWorld


def connected(
    world: StackWorld,
    server: VendureServer,
    admin: VendureAdmin,
    account: str,
    places: Mapping[str, str],
    off: Callable[[str], int] = lambda _: 0,
) -> None:
    """An account whose listings are the shop's own; of each SKU we have `off` units more.

    `places`: our code for each location of the shop, by its name there.
    """
    secret = f"trueup/{world.seller}/vendure/{account}"
    login = {"username": server.username, "password": server.password}
    manager = world.stack.client("secretsmanager")
    manager.create_secret(Name=secret, SecretString=json.dumps(login))
    ids = {place.name: place.id for place in admin.locations() if place.name in places}
    for name, id_ in ids.items():
        world.add_place(places[name], positions(admin, id_, off))
    world.connect(account, "vendure", config={"url": server.url}, secret=secret)
    world.link(account, {id_: [places[name]] for name, id_ in ids.items()})
    world.list_skus(account, sorted({level.sku for level in admin.levels()}))


def positions(
    admin: VendureAdmin, place: str, off: Callable[[str], int] = lambda _: 0
) -> list[dict[str, Any]]:
    """A baseline: what the shop has at a location, with its reservations as committed."""
    return [
        {"sku": level.sku, "on_hand": level.on_hand + off(level.sku), "committed": level.allocated}
        for level in admin.levels()
        if level.location_id == place
    ]
