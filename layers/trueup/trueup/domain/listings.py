"""Listings: what ties a SKU to an account."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trueup.domain.accounts import Code, Units
from trueup.domain.keys import listing_key

PackSize = Annotated[int, Field(ge=1, le=1_000_000)]


class Component(BaseModel):
    """A part of a kit: base units of a SKU in one kit."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    sku: Code
    quantity: PackSize


class Listing(BaseModel):
    """A SKU on an account. Buffer and back-order limit in base units, cap in channel units.

    `channel_sku` or `gtin` is what the channel recognises (F19); `channel_key` is the one used.
    Cost and price are minor units of `currency` (ISO 4217) for one channel unit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    sku: Code
    channel_key: Code
    channel_product_id: Annotated[str, StringConstraints(max_length=256)] = ""
    title: Annotated[str, StringConstraints(max_length=1000)] = ""
    gtin: Annotated[str, StringConstraints(pattern=r"^(\d{8}|\d{12,14})?$")] = ""
    pack_size: PackSize = 1
    buffer: Units | None = None
    cap: Units | None = None
    backorder: Units = 0
    components: tuple[Component, ...] = ()
    cost: Units | None = None
    price: Units | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] = ""

    @property
    def key(self) -> str:
        return listing_key(self.sku, self.channel_key)
