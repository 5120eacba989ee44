"""What each function needs of its environment: one frozen model a function, all faults at once.

A model lists exactly the keys its function has in the template; a test compares the two.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from trueup.domain.errors import DefectError, Fault

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
MachineArn = Annotated[str, StringConstraints(pattern=r"^arn:[^:]+:states:[^:]+:\d+:stateMachine:")]


class Settings(BaseModel):
    """What every function has."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    stage: Name = Field(alias="STAGE")
    service: Name = Field(alias="POWERTOOLS_SERVICE_NAME")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(alias="LOG_LEVEL")


class WithRegistry(Settings):
    registry_table: Name = Field(alias="REGISTRY_TABLE")


class WithAudit(WithRegistry):
    """A function that records what people and rules change."""

    audit_table: Name = Field(alias="AUDIT_TABLE")


class WithPages(Settings):
    pages_table: Name = Field(alias="PAGES_TABLE")


class WithLedger(Settings):
    ledger_table: Name = Field(alias="LEDGER_TABLE")


class WithEvidence(Settings):
    evidence_bucket: Name = Field(alias="EVIDENCE_BUCKET")


class WithImports(Settings):
    imports_bucket: Name = Field(alias="IMPORTS_BUCKET")


class WithExports(Settings):
    exports_bucket: Name = Field(alias="EXPORTS_BUCKET")


class WithRuns(Settings):
    """A function that may start a run, and nothing else."""

    reconcile_arn: MachineArn = Field(alias="RECONCILE_ARN")


class WithMachines(WithRuns):
    ingest_arn: MachineArn = Field(alias="INGEST_ARN")
    replay_arn: MachineArn = Field(alias="REPLAY_ARN")
    export_arn: MachineArn = Field(alias="EXPORT_ARN")
    plan_force_arn: MachineArn = Field(alias="PLAN_FORCE_ARN")
    force_arn: MachineArn = Field(alias="FORCE_ARN")


class WithChannels(Settings):
    """A connector's function is called this prefix and the channel's kind."""

    channel_function_prefix: Name = Field(alias="CHANNEL_FUNCTION_PREFIX")


class ApiSettings(
    WithAudit,
    WithPages,
    WithLedger,
    WithEvidence,
    WithImports,
    WithExports,
    WithMachines,
    WithChannels,
):
    user_pool_client_id: Name = Field(alias="USER_POOL_CLIENT_ID")


class PreTokenSettings(Settings):
    members_table: Name = Field(alias="MEMBERS_TABLE")


class DispatchSettings(WithRegistry):
    pass


class OpenRunSettings(WithRegistry, WithLedger):
    pass


class FetchSettings(WithRegistry, WithPages, WithEvidence, WithChannels):
    pass


class PlanCompareSettings(WithRegistry, WithPages, WithLedger, WithEvidence):
    pass


class CompareSettings(WithRegistry, WithPages, WithEvidence):
    pass


class CloseRunSettings(WithRegistry, WithPages, WithEvidence):
    pass


class PlanReplaySettings(WithRegistry, WithEvidence):
    pass


class ReplayRangeSettings(WithRegistry, WithPages, WithEvidence):
    pass


class CloseReplaySettings(WithRegistry, WithEvidence):
    pass


class ExportSettings(WithAudit, WithPages, WithExports):
    pass


class PlanForceSettings(WithRegistry, WithPages, WithLedger):
    pass


class OpenForceSettings(WithRegistry, WithPages):
    pass


class PushForceSettings(WithRegistry, WithPages, WithLedger, WithChannels):
    pass


class CheckForceSettings(WithRegistry, WithPages, WithLedger, WithChannels):
    pass


class CloseForceSettings(WithAudit, WithPages, WithLedger, WithChannels, WithRuns):
    pass


class FinaliseSettings(WithAudit):
    pass


class SweepSettings(WithAudit, WithPages, WithLedger, WithMachines):
    pass


class ValidateImportSettings(WithRegistry, WithPages, WithImports):
    pass


class ApplyImportSettings(WithAudit, WithPages, WithLedger, WithImports):
    pass


class CloseLedgerSettings(WithRegistry, WithPages, WithLedger, WithImports):
    pass


class TakeMovementsSettings(WithRegistry, WithLedger):
    pass


class AttendSettings(WithAudit, WithPages, WithLedger):
    pass


FUNCTIONS: dict[str, type[Settings]] = {
    "ApiFunction": ApiSettings,
    "PreTokenFunction": PreTokenSettings,
    "DispatchFunction": DispatchSettings,
    "OpenRunFunction": OpenRunSettings,
    "FetchFunction": FetchSettings,
    "PlanCompareFunction": PlanCompareSettings,
    "CompareFunction": CompareSettings,
    "CloseRunFunction": CloseRunSettings,
    "PlanReplayFunction": PlanReplaySettings,
    "ReplayRangeFunction": ReplayRangeSettings,
    "CloseReplayFunction": CloseReplaySettings,
    "ExportFunction": ExportSettings,
    "PlanForceFunction": PlanForceSettings,
    "OpenForceFunction": OpenForceSettings,
    "PushForceFunction": PushForceSettings,
    "CheckForceFunction": CheckForceSettings,
    "CloseForceFunction": CloseForceSettings,
    "FinaliseFunction": FinaliseSettings,
    "SweepFunction": SweepSettings,
    "ValidateImportFunction": ValidateImportSettings,
    "ApplyImportFunction": ApplyImportSettings,
    "CloseLedgerFunction": CloseLedgerSettings,
    "TakeMovementsFunction": TakeMovementsSettings,
    "AttendFunction": AttendSettings,
}
"""By the function's logical name in the template. Connectors have their own settings."""

S = TypeVar("S", bound=Settings)


def load(kind: type[S], environment: Mapping[str, str]) -> S:
    """The settings in an environment; DefectError naming all keys that are missing or wrong."""
    try:
        return kind.model_validate(dict(environment))
    except ValidationError as error:
        faults = [_fault(str(found["loc"][0]), found["type"]) for found in error.errors()]
        listed = ", ".join(f"{fault.where} is {fault.reason}" for fault in faults)
        raise DefectError(f"The function's environment is not right: {listed}.") from None


def keys_of(kind: type[Settings]) -> frozenset[str]:
    """The environment keys of a function."""
    return frozenset(field.alias or name for name, field in kind.model_fields.items())


def _fault(key: str, problem: str) -> Fault:
    return Fault(key, "missing" if problem == "missing" else "wrong")
