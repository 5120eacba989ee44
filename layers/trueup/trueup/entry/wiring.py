"""The composition root: which adapter stands behind which port, for one invocation.

Settings and clients are made once a process, adapters and the meter anew for each invocation. A
port whose setting the function does not have is there all the same, and says so when it is used:
so a use case can take all its ports, and a function have no right that it does not need.
"""

import os
from collections.abc import Callable
from functools import cache, cached_property
from typing import NoReturn, TypeVar, cast

from trueup.adapters.backoff import Backoff
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_ledger import DynamoDBLedger
from trueup.adapters.dynamodb_members import DynamoDBMembers
from trueup.adapters.dynamodb_pages import DynamoDBPages
from trueup.adapters.dynamodb_registry import DynamoDBRegistries
from trueup.adapters.events import EventBridge
from trueup.adapters.lambda_channels import LambdaChannels
from trueup.adapters.s3_objects import S3Objects
from trueup.adapters.stepfunctions import StepFunctions
from trueup.domain.errors import DefectError
from trueup.domain.time import Clock, system_clock, ulid_ids
from trueup.entry.settings import (
    ApiSettings,
    PreTokenSettings,
    Settings,
    WithAudit,
    WithChannels,
    WithEvidence,
    WithExports,
    WithImports,
    WithLedger,
    WithMachines,
    WithPages,
    WithRegistry,
    WithRuns,
    keys_of,
    load,
)
from trueup.ports import (
    Channels,
    Events,
    Files,
    Ledger,
    MachineName,
    Machines,
    Members,
    Meter,
    ObjectStore,
    PageStore,
    Registries,
    Registry,
)
from trueup.usecases.accounts import Desk
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.exceptions.adjusting import Post
from trueup.usecases.exceptions.attending import Office
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.exceptions.posting import poster
from trueup.usecases.exceptions.tending import ACTOR as CASES_RULE
from trueup.usecases.exports.work import ExportWork
from trueup.usecases.force.closing import Closing
from trueup.usecases.force.reading_back import ACTOR as FORCE_RULE
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.intake.taking import Gate
from trueup.usecases.ledger.closing import ClosingWork
from trueup.usecases.work import Plant, Work

S = TypeVar("S", bound=Settings)
P = TypeVar("P")

API_INVOKE_SECONDS = 24
"""Of the 29 that API Gateway gives a request."""

HEAD_TRIES = Backoff(attempts=100, base=0.01, longest=0.25)
"""For the head of a seller's audit trail, which all who change something of theirs share."""


class Wiring:
    """The ports of one invocation, each made when first asked for."""

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        clock: Clock = system_clock,
        memory_mb: int = 0,
    ) -> None:
        self.settings = settings
        self.clients = clients
        self.clock = clock
        self.new_id = ulid_ids(clock)
        self.meter = Meter(memory_mb)

    def work(self, seller: str) -> Work:
        """The ports of one seller."""
        return Work(
            registry=self.registry(seller),
            pages=self.pages(seller),
            evidence=self.evidence,
            channels=self.channels,
            clock=self.clock,
            meter=self.meter,
            ledger=self.ledger(seller),
        )

    def ingest(self, seller: str, actor: str = "") -> IngestWork:
        """The ports of one seller's imports; with an actor, their changes are audited."""
        registry = self.audited(seller, actor) if actor else self.registry(seller)
        pages, ledger = self.pages(seller), self.ledger(seller)
        return IngestWork(registry, pages, self.imports, self.clock, ledger)

    def gate(self, seller: str) -> Gate:
        """The ports that one seller's events come in through."""
        return Gate(self.registry(seller), self.ledger(seller), self.clock)

    def desk(self, seller: str) -> Desk:
        """The ports of one seller's accounts."""
        return Desk(self.registry(seller), self.channels, self.clock)

    def closing(self, seller: str) -> ClosingWork:
        """The ports of closing a seller's books of movements."""
        registry, pages = self.registry(seller), self.pages(seller)
        return ClosingWork(registry, pages, self.ledger(seller), self.clock)

    def exporting(self, seller: str) -> ExportWork:
        """The ports that the file of one seller's export is built with."""
        registry, pages = self.registry(seller), self.pages(seller)
        return ExportWork(registry, pages, self.exports, self.clock, self.new_id)

    def closing_force(self, seller: str) -> Closing:
        """The ports of ending a part of one seller's force plan, as the rules that do it."""
        ruled = self.audited(seller, FORCE_RULE)
        cabinet = self.cabinet(seller, CASES_RULE)
        return Closing(self.work(seller), ruled, cabinet, self.machines, self.events, self.new_id)

    def office(self) -> Office:
        """What looks after cases and corrections of all sellers, as rules."""
        return Office(self.registries, self.cabinet, self._post, self.ledger, self.clock)

    def cabinet(self, seller: str, actor: str) -> Cabinet:
        """The ports of a seller's cases, as somebody changes them."""
        registry, pages = self.audited(seller, actor), self.pages(seller)
        return Cabinet(registry, pages, self.clock, self.new_id, actor)

    def _post(self, seller: str) -> Post:
        return poster(self.registry(seller), self.ledger(seller), self.clock)

    def plant(self) -> Plant:
        """The ports that reach all sellers."""
        return Plant(self.registries, self.machines, self.events, self.clock, self.new_id)

    def registry(self, seller: str) -> Registry:
        return self.registries.of(seller)

    def audited(self, seller: str, actor: str) -> Registry:
        """A seller's records as a person or a rule (``rule:…``) changes them."""
        return AuditedRegistry(self.registry(seller), By(actor), self.clock, HEAD_TRIES.tries)

    def pages(self, seller: str) -> PageStore:
        def made(given: WithPages) -> PageStore:
            client, table = self.clients.dynamodb, given.pages_table
            return DynamoDBPages(client, table, seller, self.clock, self.meter)

        return self._given(WithPages, made)

    def ledger(self, seller: str) -> Ledger:
        def made(given: WithLedger) -> Ledger:
            client, table = self.clients.dynamodb, given.ledger_table
            return DynamoDBLedger(client, table, seller, self.meter)

        return self._given(WithLedger, made)

    @cached_property
    def registries(self) -> Registries:
        def made(given: WithRegistry) -> Registries:
            client, table = self.clients.dynamodb, given.registry_table
            audit = given.audit_table if isinstance(given, WithAudit) else ""
            return DynamoDBRegistries(client, table, self.meter, audit=audit)

        return self._given(WithRegistry, made)

    @cached_property
    def members(self) -> Members:
        def made(given: PreTokenSettings) -> Members:
            return DynamoDBMembers(self.clients.dynamodb, given.members_table)

        return self._given(PreTokenSettings, made)

    @cached_property
    def evidence(self) -> ObjectStore:
        def made(given: WithEvidence) -> ObjectStore:
            return S3Objects(self.clients.s3, given.evidence_bucket, self.meter)

        return self._given(WithEvidence, made)

    @cached_property
    def imports(self) -> ObjectStore:
        def made(given: WithImports) -> ObjectStore:
            return S3Objects(self.clients.s3, given.imports_bucket, self.meter)

        return self._given(WithImports, made)

    @cached_property
    def exports(self) -> Files:
        def made(given: WithExports) -> Files:
            return S3Objects(self.clients.s3, given.exports_bucket, self.meter)

        return self._given(WithExports, made)

    @cached_property
    def channels(self) -> Channels:
        def made(given: WithChannels) -> Channels:
            prefix = given.channel_function_prefix
            return LambdaChannels(self.clients.lambda_, prefix, self.meter)

        return self._given(WithChannels, made)

    @cached_property
    def machines(self) -> Machines:
        def made(given: WithRuns) -> Machines:
            arns: dict[MachineName, str] = {"reconcile": given.reconcile_arn}
            if isinstance(given, WithMachines):
                arns["ingest"] = given.ingest_arn
                arns["replay"] = given.replay_arn
                arns["export"] = given.export_arn
                arns["plan_force"] = given.plan_force_arn
                arns["force"] = given.force_arn
            return StepFunctions(self.clients.stepfunctions, arns)

        return self._given(WithRuns, made)

    @cached_property
    def events(self) -> Events:
        return EventBridge(self.clients.events)

    def _given(self, kind: type[S], made: Callable[[S], P]) -> P:
        if isinstance(self.settings, kind):
            return made(self.settings)
        return cast("P", Absent(" or ".join(sorted(keys_of(kind) - keys_of(Settings)))))


class Absent:
    """Stands for a port that this function was not given; any use of it is a defect."""

    def __init__(self, keys: str) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> NoReturn:
        raise DefectError(f"This function has no {self._keys}, which {name!r} needs.")


@cache
def shared_clients(kind: type[Settings]) -> Clients:
    """This process's clients. A request of the API ends in time, also if a connector does not."""
    return Clients(API_INVOKE_SECONDS) if issubclass(kind, ApiSettings) else Clients()


@cache
def settings_of(kind: type[S]) -> S:
    """This process's settings, checked once."""
    return load(kind, os.environ)


def wiring(kind: type[Settings], memory_mb: int = 0) -> Wiring:
    """The wiring of one invocation of the function that has these settings."""
    return Wiring(settings_of(kind), shared_clients(kind), memory_mb=memory_mb)
