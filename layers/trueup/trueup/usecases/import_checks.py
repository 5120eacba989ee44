"""What may be asked to be imported: its target, its source and its instant."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.accounts import Account, Location, Slug
from trueup.domain.errors import Fault, NotFoundError, RejectedError
from trueup.domain.imports import ImportKind
from trueup.domain.sources import EVERYWHERE, Domain, Source, rule_for
from trueup.domain.time import Instant
from trueup.ports import Registry
from trueup.usecases.intake.setting import rules_of, setting_of

SKEW = timedelta(minutes=5)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""No positions are older; the first years have instants that are none in UTC."""


class NewImport(BaseModel):
    """What is to be imported, and how; fields as in `domain.imports.Import`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: ImportKind
    target: Slug
    source: Slug | None = None
    format: Literal["csv", "xlsx"] = "csv"
    complete: bool = False
    as_of: Instant | None = None
    max_drop_percent: Annotated[int, Field(ge=0, le=100)] = 20


_TARGETS: dict[ImportKind, type[Account] | type[Location] | type[Source]] = {
    ImportKind.LISTINGS: Account,
    ImportKind.BASELINE: Location,
    ImportKind.MOVEMENTS: Source,
}


def check_import(registry: Registry, new: NewImport, now: datetime) -> None:
    """Whether an import may be asked for; errors as of `imports.create_import`."""
    kind = _TARGETS[new.kind]
    if registry.get(kind, new.target) is None:
        raise NotFoundError(f"There is no {kind.record} {new.target}.")
    if new.kind is ImportKind.MOVEMENTS:
        _check_movements(registry, new)
    elif new.source is not None:
        require_owner(registry, new.kind, new.target, new.source)
    if new.as_of is not None and new.as_of > now + SKEW:
        fault = Fault("as_of", "lies in the future")
        raise RejectedError("The positions cannot be of a time to come.", (fault,))
    if new.as_of is not None and new.as_of < EARLIEST:
        fault = Fault("as_of", "lies before 1970")
        raise RejectedError("The positions cannot be that old.", (fault,))


def _check_movements(registry: Registry, new: NewImport) -> None:
    """RejectedError: fields that movements have not, or a source that provides none."""
    given = {"source": new.source, "as_of": new.as_of, "complete": new.complete or None}
    faults = [Fault(name, "is not for movements") for name, value in given.items() if value]
    if faults:
        raise RejectedError("This import has fields that are wrong.", tuple(faults))
    setting_of(registry, new.target)


def require_owner(registry: Registry, kind: ImportKind, target: str, source: str) -> None:
    """RejectedError: there is no such source, or another one alone states what it would."""
    if registry.get(Source, source) is None:
        fault = Fault("source", f"you have no source {source}")
        raise RejectedError("There is no such source.", (fault,))
    baseline = kind is ImportKind.BASELINE
    domain = Domain.POSITIONS if baseline else Domain.SKU_MASTER
    rule = rule_for(rules_of(registry), domain, target if baseline else EVERYWHERE)
    if rule is not None and rule.source != source:
        fault = Fault("source", f"{domain} are stated by {rule.source} alone")
        raise RejectedError(f"{source} may not state this.", (fault,))
