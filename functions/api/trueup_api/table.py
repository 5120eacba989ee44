"""All routes."""

from trueup_api.routes import (
    accounts,
    audit,
    channels,
    imports,
    listings,
    onboarding,
    places,
    rechecks,
    rows,
    runs,
)
from trueup_api.routing import Route

ROUTES: tuple[Route, ...] = (
    *channels.ROUTES,
    *accounts.ROUTES,
    *places.ROUTES,
    *listings.ROUTES,
    *onboarding.ROUTES,
    *imports.ROUTES,
    *runs.ROUTES,
    *rows.ROUTES,
    *rechecks.ROUTES,
    *audit.ROUTES,
)
