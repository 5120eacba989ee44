"""The end of a part: what people see right after it, its cases, the trail, and who else ends it."""

from datetime import timedelta

import pytest

from tests.faults import Died
from tests.force_world import ForceWorld, force_job, force_payload
from tests.unit.exceptions.exceptions_world import row as row_subject
from tests.world import ACCOUNT, SELLER
from trueup.domain.audit import AuditRecord
from trueup.domain.cases import Case, CaseState, Roles
from trueup.domain.force import PlanState, Share
from trueup.domain.outcomes import Status
from trueup.domain.pushlog import PushOutcome
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.exceptions.cases import open_case
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.force.closing import Closing, close_force
from trueup.usecases.force.ending import NOT_SENT, end_stage
from trueup.usecases.force.opening import open_force
from trueup.usecases.force.pushing import push_force
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.reading import read_rows

SHOWED = {"A": 5, "B": 3, "C": 9}
WANTED = {"A": 7, "B": 0, "C": 4}


@pytest.fixture
def world() -> ForceWorld:
    made = ForceWorld()
    made.furnish(SHOWED, WANTED)
    made.reconcile()
    return made


def statuses(world: ForceWorld) -> dict[str, Status]:
    chosen = Filters(account=ACCOUNT)
    page = read_rows(world.registry, world.pages, chosen, cursor=None, limit=50)
    return {row.seller_identifier or "": row.status for row in page.rows}


def trail(world: ForceWorld) -> list[AuditRecord]:
    items = world.registries._sellers[SELLER]
    found = (item for sk, item in sorted(items.items()) if sk.startswith("audit#"))
    return [AuditRecord.model_validate_json(item.body) for item in found]


def test_rows_show_success_right_after_the_force(world: ForceWorld) -> None:
    assert set(statuses(world).values()) == {Status.FAILED}
    world.till.refusing["B"] = "No."
    world.force(world.plan(WANTED))
    assert statuses(world) == {"A": Status.SUCCESS, "B": Status.FAILED, "C": Status.SUCCESS}


def test_cases_of_rows_close_with_the_push_as_evidence(world: ForceWorld) -> None:
    cabinet = Cabinet(world.registry, world.pages, world.clock, world.new_id, "ada")
    opened = {key: open_case(cabinet, row_subject(key), Roles()).value.id for key in "AB"}
    world.till.refusing["B"] = "No."
    world.now += timedelta(minutes=1)
    plan = world.plan(WANTED)
    world.now += timedelta(minutes=1)
    world.force(plan)
    found = {key: world.registry.get(Case, id_) for key, id_ in opened.items()}
    closed, waiting = found["A"], found["B"]
    assert closed is not None
    assert waiting is not None
    assert closed.value.state is CaseState.RESOLVED
    assert closed.value.changed_by == "rule:cases"
    assert closed.value.said == f"It matches again: push {plan.id}.all.2.0 was read back."
    assert waiting.value.state is CaseState.OPEN


def test_the_end_of_a_part_is_in_the_trail_with_its_rule(world: ForceWorld) -> None:
    plan = world.plan(WANTED)
    job = force_job(force_payload(plan))
    open_force(world.work(), job)
    push_force(world.work(), job, lambda: 600_000)
    plain = world.closing()
    ruled = AuditedRegistry(world.registry, By("rule:force"), world.clock)
    closing = Closing(plain.work, ruled, plain.cabinet, plain.machines, plain.events, plain.new_id)
    assert close_force(closing, job).state == "Ended"
    (record,) = trail(world)
    assert (record.actor, len(record.changes)) == ("rule:force", 1)
    assert close_force(closing, job).state == "Ended", "once more: nothing happens"
    assert len(trail(world)) == 1
    assert len(world.events.notices) == 1


def test_whoever_ends_a_part_early_says_what_became_of_each_row(world: ForceWorld) -> None:
    plan = world.plan(WANTED)
    job = force_job(force_payload(plan))
    open_force(world.work(), job)
    calls = iter([False, True])

    def die(_: str, __: object) -> None:
        if next(calls, False):
            raise Died

    world.till.between = die
    with pytest.raises(Died):
        push_force(world.work(), job, lambda: 600_000)
    assert end_stage(world.registry, world.clock, ACCOUNT, plan.id, Share.ALL, "It was stopped.")
    assert world.outcomes(plan) == {
        "B": PushOutcome.UNVERIFIED,
        "C": PushOutcome.NOT_SENT,
        "A": PushOutcome.NOT_SENT,
    }
    assert world.pushed(plan)["A"].message == NOT_SENT
    stage = world.stage(plan)
    assert (stage.counts.error, stage.cause) == (3, "It was stopped.")
    assert world.found(plan).state is PlanState.FINISHED
    assert not end_stage(world.registry, world.clock, ACCOUNT, plan.id, Share.ALL, "Again.")


def test_what_failed_is_read_once_more_before_the_part_ends(world: ForceWorld) -> None:
    plan = world.plan(WANTED)
    job = force_job(force_payload(plan))
    open_force(world.work(), job)
    moments = iter(["read", "write"])

    def die(moment: str, _: object) -> None:
        if moment == "write" and next(moments, None):
            raise Died

    world.till.between = die
    with pytest.raises(Died):
        push_force(world.work(), job, lambda: 600_000)
    world.till.between = lambda _, __: None
    error = {"Error": "DefectError", "Cause": "{}"}
    ended = close_force(world.closing(), job.model_copy(update={"error": error}))
    assert ended.state == "Failed"
    assert world.outcomes(plan)["B"] is PushOutcome.APPLIED, "it had been written, and shows"
    assert statuses(world)["B"] is Status.SUCCESS
