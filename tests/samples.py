"""The sample events of `events/`, and what has to be there for each to make sense."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from local import templates
from local.deploy import STACK_NAME
from local.embedded import Embedded
from local.paths import ROOT, TEMPLATE
from tests.contract.stores import LOCAL
from tests.drops import put_drop
from tests.stack_world import StackWorld, invoke
from trueup.adapters.clients import Clients
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.s3_objects import S3Objects
from trueup.domain.accounts import Account, Mode
from trueup.domain.exports import Format
from trueup.domain.force import ForcePlan, Scope
from trueup.domain.imports import Import, ImportKind, ImportState
from trueup.domain.replays import Replay, ReplayKind
from trueup.domain.runs import Lease, Run, Trigger
from trueup.domain.time import system_clock
from trueup.ports import Create, Meter, Replace
from trueup.usecases.exports.starting import Wish, start_export
from trueup.usecases.exports.work import ExportDesk
from trueup.usecases.force.checks import Wish as Approval
from trueup.usecases.force.deciding import Counter, decide
from trueup.usecases.leases import LEASE
from trueup.usecases.rows.filters import Filters

EVENTS = {path.stem: json.loads(path.read_bytes()) for path in (ROOT / "events").glob("*.json")}
SKUS = ["SKU-0001", "SKU-0002"]
Answer = Mapping[str, Any]


def functions() -> dict[str, str]:
    """Samples' beginnings by the logical name of their function: its folder's name."""
    resources = templates.load(TEMPLATE)["Resources"]
    return {
        name: resource["Properties"]["CodeUri"]
        .removeprefix("functions/")
        .replace("channels/", "channel/")
        .strip("/")
        .replace("/", "_")
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def function_of(sample: str) -> str | None:
    fitting = [begin for begin in functions().values() if f"{sample}_".startswith(f"{begin}_")]
    return max(fitting, key=len, default=None)


class Senders:
    """The two sellers that the samples are of, and what their events need."""

    def __init__(self, stack: Embedded, demo: StackWorld, acme: StackWorld) -> None:
        self.stack = stack
        self.demo = demo
        self.acme = acme

    def send(self, sample: str) -> Answer:
        function = (function_of(sample) or "").replace("_", "-")
        answer: Answer = invoke(self.stack, f"{STACK_NAME}-{function}", EVENTS[sample])
        return answer

    def prepare(self) -> None:
        """What is there before the first event."""
        self.demo.add_place("main", [{"sku": sku, "on_hand": 5} for sku in SKUS])
        for account, shown in (("sandbox", 5), ("sandbox-eu", 9)):
            self.demo.shop(account).seed({"north": [(SKUS[0], shown), (SKUS[1], 5)]})
            self.demo.connect(account)
            self.demo.link(account, {"north": ["main"]})
            self.demo.list_skus(account, SKUS)
        self.demo.reconcile("sandbox-eu")
        self.demo.call("PATCH", "/v1/accounts/sandbox", {"enabled": False})  # no longer due
        self._run()
        self._member()
        self._drop()

    def after(self, sample: str) -> None:
        """What the next event needs."""
        if sample == "dispatch":
            runs = self.demo.registry.list(Run, "sandbox-eu", newest_first=True)
            late = runs.items[0].value.model_copy(update={"deadline": system_clock()})
            self.demo.registry.write(Replace(late, runs.items[0].version))
        if sample == "sweep":  # it would start the import
            self._import()
        if sample == "finalise":
            self._run()
        if sample == "close_run":
            self._replay()
            self._export()
            self._plan()
        if sample == "plan_force":
            self._decide()

    def _run(self) -> None:
        """The run that samples name, opened anew."""
        event, now = EVENTS["open_run"], system_clock()
        account, id_, registry = event["account"], event["run"], self.demo.registry
        run = Run(
            id=id_,
            account=account,
            channel="sandbox",
            trigger=Trigger.BUTTON,
            requested_by="ada",
            opened_at=now,
            deadline=now + timedelta(hours=6),
        )
        lease = Lease(account=account, holder=id_, fence=1, expires_at=now + LEASE)
        for entity in (run, lease):
            before = registry.get(type(entity), *entity.identity)
            registry.write(Replace(entity, before.version) if before else Create(entity))

    def _replay(self) -> None:
        """The replay that samples name, of the run that has ended."""
        event, now = EVENTS["plan_replay"], system_clock()
        run = EVENTS["close_run"]
        replay = Replay(
            id=event["replay"],
            account=run["account"],
            run=run["run"],
            kind=ReplayKind.REPLAY,
            requested_by="ada",
            opened_at=now,
            deadline=now + timedelta(hours=2),
        )
        before = self.demo.registry.get(Replay, replay.id)
        self.demo.registry.write(Replace(replay, before.version) if before else Create(replay))

    def _export(self) -> None:
        """The export that samples name, as if it had just been asked for."""
        clients = Clients(endpoint_url=self.stack.endpoint_url, **LOCAL)
        bucket = self.stack.outputs["ExportsBucketName"]
        desk = ExportDesk(
            registry=self.demo.registry,
            files=S3Objects(clients.s3, bucket, Meter()),
            machines=MemoryMachines(),
            clock=system_clock,
            new_id=lambda: str(EVENTS["export"]["export"]),
            user="ada",
        )
        chosen = Filters(account=EVENTS["close_run"]["account"])
        start_export(desk, Wish(Format.XLSX, chosen, {"account": chosen.account}))

    def _plan(self) -> None:
        """The force plan that samples name, of an account that shows too much of one SKU."""
        event, now, registry = EVENTS["plan_force"], system_clock(), self.demo.registry
        stored = registry.get(Account, event["account"])
        if stored is None:
            raise LookupError(event["account"])
        live = stored.value.model_copy(update={"mode": Mode.LIVE})
        plan = ForcePlan(
            id=event["plan"],
            account=event["account"],
            scope=Scope(locations=("north",)),
            proposed_by="ada",
            proposed_at=now,
            expires_at=now + timedelta(hours=1),
            deadline=now + timedelta(hours=1),
        )
        before = registry.get(ForcePlan, *plan.identity)
        made = Replace(plan, before.version) if before else Create(plan)
        registry.write(Replace(live, stored.version), made)

    def _decide(self) -> None:
        """As an approver does, but that its parts are then sent as samples."""
        event = EVENTS["plan_force"]
        counter = Counter(self.demo.registry, MemoryMachines(), system_clock, lambda: range(9))
        stored = self.demo.registry.get(ForcePlan, event["account"], event["plan"])
        if stored is None:
            raise LookupError(event["plan"])
        wish = Approval(by="grace", hash=stored.value.hash, approving=True)
        decide(counter, event["account"], event["plan"], wish)

    def _member(self) -> None:
        self.stack.client("dynamodb").put_item(
            TableName=self.stack.outputs["MembersTableName"],
            Item={
                "pk": {"S": EVENTS["pre_token"]["request"]["userAttributes"]["sub"]},
                "seller": {"S": "demo"},
                "roles": {"SS": ["operator"]},
            },
        )

    def _import(self) -> None:
        id_, now = EVENTS["validate_import"]["import"], system_clock()
        self.acme.post("/v1/locations", {"code": "main", "name": "Main"})
        item = Import(
            id=id_,
            kind=ImportKind.BASELINE,
            target="main",
            state=ImportState.VALIDATING,
            object_key=f"uploads/acme/{id_}.csv",
            requested_by="ada",
            created_at=now,
            deadline=now + timedelta(hours=2),
        )
        self.acme.registry.write(Create(item))
        bucket = self.stack.outputs["ImportsBucketName"]
        body = b"sku,on_hand\nSKU-0001,5\nSKU-0002,0\n"
        self.stack.client("s3").put_object(Bucket=bucket, Key=item.object_key, Body=body)

    def _drop(self) -> None:
        body = b"location,key,quantity\nW1,SKU-0001,5\nW1,SKU-0002,0\n"
        put_drop(Bucketed(self.stack), "acme", "file", "stock", {"stock.csv": (body, 2)})


class Bucketed:
    """Puts objects into the stack's own bucket of drops."""

    def __init__(self, stack: Embedded) -> None:
        self._client = stack.client("s3")
        self._bucket = stack.outputs["DropBucketName"]

    def put_object(self, **given: Any) -> None:
        self._client.put_object(**(given | {"Bucket": self._bucket}))
