"""An export of exceptions into which people's later decisions have come."""

from datetime import timedelta

from tests.unit.exports.export_world import ExportWorld
from tests.world import ACCOUNT
from trueup.domain.acceptances import Acceptance
from trueup.domain.cases import CaseState, Docket, Subject, SubjectKind
from trueup.domain.exports import Format
from trueup.domain.runs import Head
from trueup.ports import Create, Replace
from trueup.usecases.exceptions.listing import Asked

ASKED = Asked(ACCOUNT, "1")
NAMES = ("channel_identifier", "gap", "cause", "case.state", "case.owner")


def docket(world: ExportWorld, key: str, **fields: object) -> Docket:
    subject = Subject(kind=SubjectKind.ROW, account=ACCOUNT, location="1", what=key)
    given = {"state": CaseState.OPEN, "owner": "ada", "since": world.world.now, **fields}
    return Docket.model_validate({"subject": subject, "case": "C1", **given})


def test_cases_and_acceptances_of_later_change_nothing() -> None:
    world = ExportWorld()
    registry, later = world.world.registry, world.world.now + timedelta(days=9)
    key, gap, *_ = world.now(ASKED, *NAMES)[0]
    registry.write(Create(docket(world, str(key))))
    before = world.now(ASKED, *NAMES)
    assert before[0][3:] == ("open", "ada")
    export = world.start(ASKED, Format.XLSX, None, *NAMES)
    accepted = docket(world, str(key), state=CaseState.ACCEPTED, gap=gap, expires_at=later)
    registry.write(Replace(accepted, 1))
    head = registry.get(Head, f"rows/{ACCOUNT}/1")
    assert head is not None
    cause = str(before[-1][2])
    pin = {"book": head.value.book, "version": head.value.version, "manifest": head.value.manifest}
    said = {"note": "fine", "expires_at": later, "by": "ada", "at": world.world.now, "case": "C2"}
    place = {"account": ACCOUNT, "location": "1", "cause": cause, "rows": 1}
    registry.write(Create(Acceptance.model_validate({**place, **pin, **said})))
    assert len(world.now(ASKED, *NAMES)) < len(before)
    world.build(export)
    assert world.data(export) == before
