"""The world of tests.world on the real adapters: tables and objects of the embedded stack.

The steps run in this process, so that each call of AWS can be disturbed; the connector is the
sandbox's own Lambda. Every world is a seller of its own.
"""

import json
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from local.deploy import STACK_NAME
from local.embedded import Embedded
from sandbox_client import SandboxClient
from tests.contract.stores import LOCAL, pages_table, registry_table
from tests.faults import Injector, Kind
from tests.world import ACCOUNT, World
from trueup.adapters.backoff import Backoff
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_pages import DynamoDBPages
from trueup.adapters.dynamodb_registry import DynamoDBRegistries
from trueup.adapters.events import EventBridge
from trueup.adapters.lambda_channels import LambdaChannels
from trueup.adapters.s3_objects import S3Objects
from trueup.adapters.stepfunctions import StepFunctions
from trueup.channel.contract import Request, Response
from trueup.domain.runs import Run
from trueup.ports import Channels, MachineName, Meter

SERVICES = ("dynamodb", "s3", "lambda_", "stepfunctions", "events")


class Places:
    """Where the worlds of a test keep their things, and the clients that all of them share.

    `machine` is a state machine whose executions end at once. `fault` is in all clients, and
    disturbs nothing until it is set.
    """

    def __init__(self, stack: Embedded, machine: str) -> None:
        self.clients = Clients(endpoint_url=stack.endpoint_url, **LOCAL)
        self.registry = registry_table(self.clients.dynamodb)
        self.pages = pages_table(self.clients.dynamodb)
        self.bucket = stack.outputs["EvidenceBucketName"]
        self.machine = machine
        self.fault = Injector(Kind.SLOW, 0)
        for name in SERVICES:
            self.fault.attach(getattr(self.clients, name))

    def set_fault(self, kind: Kind, nth: int) -> None:
        """Disturb the nth call of those from now on; 0: none, but count them."""
        self.fault.kind, self.fault.nth, self.fault.fired = kind, nth, False
        self.fault.calls.clear()

    def order(self, event: dict[str, Any]) -> dict[str, Any]:
        """Hand an order to the sandbox."""
        answer = self.clients.lambda_.invoke(
            FunctionName=f"{STACK_NAME}-channel-sandbox", Payload=json.dumps(event)
        )
        done: dict[str, Any] = json.load(answer["Payload"])
        return done


@dataclass(frozen=True)
class Sandboxed:
    """Every channel is the sandbox."""

    inner: Channels

    def call(self, channel: str, request: Request) -> Response:
        del channel
        return self.inner.call("sandbox", request)

    def exists(self, channel: str) -> bool:
        return self.inner.exists(channel)


class AwsWorld(World):
    """A seller's world; a `Places` may hold any number of them."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self.seller = f"seller-{uuid4().hex[:12]}"
        reference = {"seller": self.seller, "account": ACCOUNT}
        self.shop = SandboxClient(places.order, reference)
        clients, meter, patient = places.clients, Meter(), Backoff(sleep=lambda _: None)
        self.registries = DynamoDBRegistries(clients.dynamodb, places.registry, meter, patient)
        self.registry = self.registries.of(self.seller)
        self.pages = DynamoDBPages(
            clients.dynamodb, places.pages, self.seller, self.clock, meter, patient
        )
        self.evidence = S3Objects(clients.s3, places.bucket, meter)
        prefix = f"{STACK_NAME}-channel-"
        self.channels = Sandboxed(LambdaChannels(clients.lambda_, prefix, meter))
        arns: dict[MachineName, str] = {"reconcile": places.machine, "ingest": places.machine}
        self.machines = StepFunctions(clients.stepfunctions, arns)
        self.events = cast("Any", EventBridge(clients.events))

    def payload(self, run: Run) -> dict[str, Any]:
        return super().payload(run) | {"seller": self.seller}

    def runs(self) -> list[Run]:
        return [stored.value for stored in self.registry.list(Run, ACCOUNT).items]
