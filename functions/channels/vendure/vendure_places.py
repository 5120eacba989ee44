"""The shop's stock locations, and whether it tracks stock where a variant does not say."""

from dataclasses import dataclass

from vendure_api import Api
from vendure_types import LOCATIONS, LocationData, StockLocation

PAGE = 100


@dataclass(frozen=True, slots=True)
class Shop:
    locations: tuple[StockLocation, ...]
    tracked: bool


def read_shop(api: Api) -> Shop:
    """Raises what `Api.ask` raises."""
    found: list[StockLocation] = []
    while True:
        data = api.ask(LOCATIONS, LocationData, skip=len(found), take=PAGE)
        found += data.stock_locations.items
        if not data.stock_locations.items or len(found) >= data.stock_locations.total_items:
            return Shop(tuple(found), data.global_settings.track_inventory)
