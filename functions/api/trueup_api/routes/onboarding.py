"""Onboarding: what is unmapped on either side of an account, and what would fit together."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Literal, TypeVar

from pydantic import Field, StringConstraints, model_validator

from trueup.usecases.auth import Role
from trueup.usecases.onboarding import confirming, unlisted
from trueup.usecases.onboarding.confirming import MAX_NAMED
from trueup.usecases.onboarding.positions import read_cursor, write_cursor
from trueup.usecases.onboarding.proposals import Proposal, proposals
from trueup.usecases.onboarding.unlisted import Onboarding, Unlisted, unlisted_items
from trueup.usecases.onboarding.unmapped import Unmapped, unmapped_skus
from trueup.usecases.runs import require_account
from trueup_api.fields import CodeText, Limit
from trueup_api.routes.imports import ImportView, import_view, intake_of
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, accepted, ok
from trueup_api.world import Shop

T = TypeVar("T")
LongCursor = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class UnmappedQuery(Strict):
    """`channel`: items that no listing names. `seller`: SKUs with stock that are not listed."""

    side: Literal["channel", "seller"]
    limit: Limit = 50
    cursor: LongCursor | None = None


class ProposalsQuery(Strict):
    limit: Limit = 50
    cursor: LongCursor | None = None


class ShownView(Strict):
    """A channel location that shows the item, and how many (null: it does not say)."""

    location_id: str
    inventory: int | None


class ItemView(Strict):
    """An item of the channel that no listing names. Texts are the channel's."""

    channel_identifier: str
    gtin: str
    product_name: str
    channel_product_id: str
    channel_inventory: list[ShownView]


class StockView(Strict):
    location: str
    sellable: int | None


class SkuView(Strict):
    """A SKU that has stock where the account draws from and is not listed there."""

    seller_identifier: str
    seller_inventory: list[StockView]


class CountView(Strict):
    """Of one channel location, as its last run counted."""

    location_id: str
    items_not_listed: int
    skus_not_listed: int


class UnmappedView(Strict):
    """One side is filled, as asked for."""

    counts: list[CountView]
    items: list[ItemView]
    skus: list[SkuView]
    cursor: str | None


class ProposalView(Strict):
    """List `seller_identifier` as this item; `by` says what the two have in common."""

    item: ItemView
    seller_identifier: str
    by: Literal["sku", "gtin"]


class ProposalsView(Strict):
    proposals: list[ProposalView]
    cursor: str | None


class ConfirmBody(Strict):
    """Either `all`, or the channel identifiers of some proposals."""

    all: Literal[True] | None = None
    channel_identifiers: (
        Annotated[list[CodeText], Field(min_length=1, max_length=MAX_NAMED)] | None
    ) = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "ConfirmBody":
        if (self.all is None) == (self.channel_identifiers is None):
            raise ValueError("give either all or channel_identifiers")
        return self


class ConfirmedView(Strict):
    """The import that lists them. `more`: call again when it is Applied."""

    confirmed: int
    more: bool
    import_: Annotated[ImportView, Field(serialization_alias="import")]


def list_unmapped(call: Call[UnmappedQuery, NoBody]) -> Answer:
    ports, account, query = _ports(call.shop), call.path["account"], call.query
    require_account(call.shop.registry, account)
    name = (call.shop.caller.seller, account, query.side)
    start = _start(query.cursor, *name)
    counts = unlisted.counts_by_place(ports, account)
    items: list[Unlisted] = []
    skus: list[Unmapped] = []
    if query.side == "channel":
        items, more = _some(unlisted_items(ports, account, start), query.limit)
        last = items[-1].key if items else ""
    else:
        skus, more = _some(unmapped_skus(ports, account, start), query.limit)
        last = skus[-1].sku if skus else ""
    return ok(
        UnmappedView(
            counts=[
                CountView(location_id=place, items_not_listed=items_, skus_not_listed=skus_)
                for place, (items_, skus_) in sorted(counts.items())
            ],
            items=[item_view(item) for item in items],
            skus=[sku_view(sku) for sku in skus],
            cursor=write_cursor(last, *name) if more else None,
        )
    )


def list_proposals(call: Call[ProposalsQuery, NoBody]) -> Answer:
    account, query = call.path["account"], call.query
    name = (call.shop.caller.seller, account, "proposals")
    start = _start(query.cursor, *name)
    found, more = _some(proposals(_ports(call.shop), account, start), query.limit)
    cursor = write_cursor(found[-1].item.key, *name) if more else None
    return ok(ProposalsView(proposals=[proposal_view(one) for one in found], cursor=cursor))


def confirm_proposals(call: Call[NoQuery, ConfirmBody]) -> Answer:
    ports, intake, user = _ports(call.shop), intake_of(call.shop), call.shop.caller.user
    account, named = call.path["account"], call.body.channel_identifiers
    if named is None:
        done = confirming.confirm_all(ports, intake, account, user)
    else:
        done = confirming.confirm_named(ports, intake, account, named, user)
    view = ConfirmedView(confirmed=done.count, more=done.more, import_=import_view(done.item))
    return accepted(view, f"/v1/imports/{done.item.id}")


def item_view(item: Unlisted) -> ItemView:
    return ItemView(
        channel_identifier=item.key,
        gtin=item.gtin,
        product_name=item.title,
        channel_product_id=item.product_id,
        channel_inventory=[
            ShownView(location_id=place.location, inventory=place.quantity) for place in item.places
        ],
    )


def sku_view(sku: Unmapped) -> SkuView:
    places = [StockView(location=p.location, sellable=p.sellable) for p in sku.places]
    return SkuView(seller_identifier=sku.sku, seller_inventory=places)


def proposal_view(proposal: Proposal) -> ProposalView:
    item = item_view(proposal.item)
    return ProposalView(item=item, seller_identifier=proposal.sku, by=proposal.by)


def _ports(shop: Shop) -> Onboarding:
    return Onboarding(shop.registry, shop.pages, shop.world.evidence)


def _start(cursor: str | None, *name: str) -> str:
    return "" if cursor is None else unlisted.beyond(read_cursor(cursor, *name))


def _some(found: Iterator[T], limit: int) -> tuple[list[T], bool]:
    """At most `limit`, and whether there are more."""
    some = list(islice(found, limit + 1))
    return some[:limit], len(some) > limit


_REJECTS = HTTPStatus.UNPROCESSABLE_ENTITY
ROUTES = (
    Route(
        "GET",
        "/v1/accounts/<account>/unmapped",
        Role.VIEWER,
        list_unmapped,
        (HTTPStatus.OK, UnmappedView),
        "What is not listed: the channel's items, or your SKUs",
        query=UnmappedQuery,
        problems=(_REJECTS,),
    ),
    Route(
        "GET",
        "/v1/accounts/<account>/proposals",
        Role.VIEWER,
        list_proposals,
        (HTTPStatus.OK, ProposalsView),
        "Listings that would fit: exact and unique matches by SKU or GTIN",
        query=ProposalsQuery,
        problems=(_REJECTS,),
    ),
    Route(
        "POST",
        "/v1/accounts/<account>/proposals/confirm",
        Role.OPERATOR,
        confirm_proposals,
        (HTTPStatus.ACCEPTED, ConfirmedView),
        "List what was proposed: all of it, or some",
        body=ConfirmBody,
        problems=(HTTPStatus.CONFLICT,),
        repeatable=True,
        example={"all": True},
    ),
)
