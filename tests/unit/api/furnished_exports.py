"""Exports of a furnished seller: one that is built, one that failed."""

from tests.unit.api.api_world import ApiWorld
from trueup.domain.exports import Export, ExportState
from trueup.usecases.exports.building import build_export
from trueup.usecases.exports.ending import fail_export
from trueup.usecases.exports.job import ExportJob
from trueup.usecases.exports.work import ExportWork


def furnish_exports(api: ApiWorld, seller: str, account: str) -> dict[str, str]:
    """Things for the routes of exports, by parameter."""
    built, failed = (asked(api, seller, {"account": account}) for _ in range(2))
    assert build(api, seller, built).state is ExportState.SUCCESS
    assert fail_export(api.registries.of(seller), api.clock, failed, 1, "It was stopped.")
    return {"export": built, "retry_failed_export:export": failed}


def asked(api: ApiWorld, seller: str, filters: dict[str, object], **body: object) -> str:
    """An export that was asked for; its id."""
    given = {"of": "rows", "filters": filters, **body}
    reply = api.call("POST", "/v1/exports", given, claims=api.claims(seller, "viewer"))
    assert reply.status == 202, reply.text
    return str(reply.body["id"])


def work_of(api: ApiWorld, seller: str) -> ExportWork:
    registry, pages = api.registries.of(seller), api.pages_of(seller)
    return ExportWork(registry, pages, api.exports, api.clock, api.new_id)


def build(api: ApiWorld, seller: str, id_: str, tries: int = 1) -> Export:
    """As its function does."""
    job = ExportJob.model_validate({"schema": 1, "seller": seller, "export": id_, "tries": tries})
    return build_export(work_of(api, seller), job, lambda: False)
