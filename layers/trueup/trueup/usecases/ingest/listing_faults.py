"""What no listing can have, of listings that come one by one; files are held to the same."""

from collections.abc import Iterator, Sequence

from trueup.domain.errors import Fault
from trueup.domain.listings import Listing
from trueup.domain.money import EXPONENTS
from trueup.usecases.ingest import kits


def faults_of(listings: Sequence[Listing]) -> Iterator[Fault]:
    """All faults, by index; a channel code may occur once."""
    first: dict[str, int] = {}
    for index, listing in enumerate(listings):
        where = f"listings.{index}"
        earlier = first.setdefault(listing.channel_key, index)
        if earlier != index:
            yield Fault(f"{where}.channel_key", f"is that of listings.{earlier} too")
        if listing.currency and listing.currency not in EXPONENTS:
            yield Fault(f"{where}.currency", "is no ISO 4217 currency code")
        if not listing.currency and (listing.cost is not None or listing.price is not None):
            yield Fault(f"{where}.currency", "is missing: cost and price need one")
        try:
            kits.check([(part.sku, part.quantity) for part in listing.components], listing.sku)
        except ValueError as error:
            yield Fault(f"{where}.components", str(error))
