"""All routes."""

from trueup_api.routes import (
    accounts,
    audit,
    cases,
    channels,
    divergence,
    exceptions,
    imports,
    listings,
    movements,
    onboarding,
    places,
    rechecks,
    routing_rules,
    rows,
    runs,
    sources,
    thresholds,
    tolerances,
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
    *divergence.ROUTES,
    *rechecks.ROUTES,
    *exceptions.ROUTES,
    *cases.ROUTES,
    *routing_rules.ROUTES,
    *audit.ROUTES,
    *thresholds.ROUTES,
    *tolerances.ROUTES,
    *sources.ROUTES,
    *movements.ROUTES,
)
