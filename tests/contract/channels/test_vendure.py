"""The Vendure connector against the conformance suite, on a real Vendure server."""

import json
from collections.abc import Iterator, Sequence

import boto3
import msgspec
import pytest
from moto import mock_aws

import vendure_lookup
import vendure_push
from local.vendure import NewVariant, StockChange, VendureAdmin, VendureServer, random_plan, seed
from tests.contract.channels.conformance import ConnectorConformance
from tests.contract.channels.subject import Subject
from trueup.channel.contract import AccountRef, Budget, Observation, PushRow
from trueup.channel.serve import answer
from vendure_addresses import GuardedTransport
from vendure_api import Api
from vendure_connector import VendureConnector
from vendure_secrets import Secrets
from vendure_types import Variant

pytestmark = pytest.mark.vendure

SECRET = "trueup/acme/vendure/shop"


@pytest.fixture(scope="module")
def shop(vendure_server: VendureServer, vendure_admin: VendureAdmin) -> VendureServer:
    """Two locations, 230 variants, open orders, SKUs that repeat and one that is missing."""
    seeded = seed(vendure_admin, random_plan(("North", "South"), 225, 6))
    north = seeded.locations[0].id
    skus = ("TWIN", "TWIN", "", "TRU-00100", "tru-00150")
    vendure_admin.create_variants([NewVariant(sku, "Other", 100, {north: 4}) for sku in skus])
    return vendure_server


@pytest.fixture(scope="module")
def subject(shop: VendureServer) -> Iterator[Subject]:
    with mock_aws():
        secrets = boto3.client("secretsmanager", region_name="eu-west-1")
        login = json.dumps({"username": shop.username, "password": shop.password})
        secrets.create_secret(Name=SECRET, SecretString=login)
        transport = GuardedTransport(allow_loopback=True)
        connector = VendureConnector(Secrets(secrets), transport, allow_loopback=True)
        account = AccountRef(seller="acme", account="shop", config={"url": shop.url}, secret=SECRET)
        yield Subject(lambda event: answer(connector, event), account, (shop.password,))
        transport.close()


class TestVendure(ConnectorConformance):
    """The suite, and what only this channel does."""

    def test_what_is_read_is_what_the_shop_has(
        self, subject: Subject, vendure_admin: VendureAdmin
    ) -> None:
        levels = {(level.variant_id, level.location_id): level for level in vendure_admin.levels()}
        rows = {(row.product_id, row.location): row for row in subject.walk().rows}
        assert rows.keys() == levels.keys()
        for place, row in rows.items():
            held = levels[place]
            assert (row.quantity, row.allocated) == (held.on_hand, held.allocated)
        assert sum(row.allocated for row in rows.values()) > 0

    def test_stock_changed_behind_our_back_and_only_that(
        self, subject: Subject, vendure_admin: VendureAdmin
    ) -> None:
        before = subject.walk().by_place
        row = before["1", "TRU-00007"]
        change = StockChange(row.product_id, row.location, (row.quantity or 0) + 9)
        vendure_admin.set_stock([change])
        after = subject.walk().by_place
        assert {place for place in after if after[place] != before[place]} == {("1", "TRU-00007")}
        assert after["1", "TRU-00007"].quantity == change.on_hand

    def test_skus_that_repeat_have_keys_of_their_own(self, subject: Subject) -> None:
        keys = {row.key for row in subject.walk().rows}
        marked = sorted(key.split(" (variant")[0] for key in keys if "(variant" in key)
        assert [name for name in marked if "(" not in name] == ["TRU-00100"] * 2 + ["TWIN"] * 2
        assert "TRU-00150" in keys
        assert "tru-00150" in keys

    def test_a_variant_made_meanwhile_makes_the_fetch_begin_again(
        self, subject: Subject, vendure_admin: VendureAdmin
    ) -> None:
        part = subject.fetch(Budget(milliseconds=60_000, rows=100))
        (made,) = vendure_admin.create_variants([NewVariant("AAA", "Early", 100, {"1": 1})])
        again = subject.fetch(cursor=part.cursor)
        assert again.first == 0
        assert again.rows[0].key != part.rows[0].key or len(again.rows) > len(part.rows)
        vendure_admin.delete_variants([made])
        assert "AAA" not in {row.key for row in subject.walk().rows}

    def test_a_variant_deleted_between_plan_and_push_spoils_no_other(
        self, subject: Subject, vendure_admin: VendureAdmin
    ) -> None:
        (gone,) = vendure_admin.create_variants([NewVariant("GONE", "Late", 100, {"1": 1})])
        rows = subject.walk(keys=["GONE", "TRU-00011", "TRU-00012"], locations=["1"]).rows
        vendure_admin.delete_variants([gone])
        orders = [_more(row) for row in rows]
        results = subject.push(orders).results
        outcomes = {
            order.key: result.outcome for order, result in zip(orders, results, strict=True)
        }
        assert outcomes == {"GONE": "rejected", "TRU-00011": "applied", "TRU-00012": "applied"}

    def test_a_batch_the_shop_rolls_back_is_split(
        self, subject: Subject, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = subject.walk(keys=["TRU-00013", "TRU-00014", "TRU-00015"], locations=["1"]).rows
        known = vendure_lookup.find_variants

        def find(api: Api, orders: Sequence[PushRow]) -> dict[str, Variant]:
            return {key: _misplaced(key, variant) for key, variant in known(api, orders).items()}

        monkeypatch.setattr(vendure_push, "find_variants", find)
        orders = [msgspec.structs.replace(_more(row), product_id="") for row in rows]
        results = subject.push(orders).results
        assert [result.outcome for result in results] == ["applied", "rejected", "applied"]
        assert "99999" in results[1].reason


def _misplaced(key: str, variant: Variant) -> Variant:
    """A variant the shop does not have, where the middle one of three should be."""
    return msgspec.structs.replace(variant, id="99999") if key == "TRU-00014" else variant


def _more(row: Observation) -> PushRow:
    shown = row.quantity or 0
    return PushRow(
        key=row.key,
        location=row.location,
        quantity=shown + 3,
        expected=shown,
        idempotency_key=f"more-{row.key}",
        product_id=row.product_id,
    )
