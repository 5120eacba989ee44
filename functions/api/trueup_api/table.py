"""All routes."""

from trueup_api.routes import accounts, channels, places, rows, runs
from trueup_api.routing import Route

ROUTES: tuple[Route, ...] = (
    *channels.ROUTES,
    *accounts.ROUTES,
    *places.ROUTES,
    *runs.ROUTES,
    *rows.ROUTES,
)
