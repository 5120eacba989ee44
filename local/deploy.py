"""Deploy template.yaml, as it is, to a local stack: package, upload, create or update, wait."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError, WaiterError

from local import clients, packaging, templates
from local.paths import ROOT, TEMPLATE
from local.stack import Stack, StackError

STACK_NAME: Final = "trueup"
_ARTIFACTS: Final = "trueup-artifacts"
_BUILDERS: Final[dict[str, tuple[str, Callable[[Path], Path]]]] = {
    "AWS::Serverless::Function": ("CodeUri", packaging.build_function),
    "AWS::Serverless::LayerVersion": ("ContentUri", packaging.build_layer),
    "AWS::Serverless::StateMachine": ("DefinitionUri", packaging.build_definition),
}


@dataclass(frozen=True)
class Deployed:
    """What CloudFormation says of the deployed stack."""

    stack_id: str
    outputs: dict[str, str]


def deploy(stack: Stack, template: Path = TEMPLATE, **parameters: str) -> Deployed:
    """Deploy `template` and return its outputs; raises StackError with the failed resources."""
    uploads = Uploads(stack.endpoint_url)
    url = uploads.put_text(json.dumps(package(templates.load(template), uploads)))
    deployment = _Deployment(
        clients.client("cloudformation", stack.endpoint_url),
        {
            "StackName": STACK_NAME,
            "TemplateURL": url,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in {"Stage": "local", **parameters}.items()
            ],
        },
    )
    return deployment.run()


class Uploads:
    """Files put into the artifacts bucket under names that their content decides."""

    def __init__(self, endpoint_url: str) -> None:
        self._s3 = clients.client("s3", endpoint_url)
        self._s3.create_bucket(Bucket=_ARTIFACTS)

    def put(self, file: Path) -> dict[str, str]:
        """Upload `file` unless it is there; returns where it is."""
        found = self._s3.list_objects_v2(Bucket=_ARTIFACTS, Prefix=file.name)
        if not found["KeyCount"]:
            self._s3.upload_file(str(file), _ARTIFACTS, file.name)
        return {"Bucket": _ARTIFACTS, "Key": file.name}

    def put_text(self, template: str) -> str:
        """Upload the packaged template, too long to be sent in the call; returns its address."""
        self._s3.put_object(Bucket=_ARTIFACTS, Key="template.json", Body=template)
        return f"https://s3.amazonaws.com/{_ARTIFACTS}/template.json"


class _Deployment:
    """Create or update, whichever the stack's status asks for."""

    def __init__(self, cloudformation: Any, request: dict[str, Any]) -> None:
        self._cloudformation = cloudformation
        self._request = request

    def run(self) -> Deployed:
        """Bring the stack to the template; raises StackError naming what failed."""
        status = self._status()
        if status is not None and "ROLLBACK" in status and "UPDATE" not in status:
            self._delete()  # its creation failed: CloudFormation takes no update of such a stack
            status = None
        waiter = self._create() if status is None else self._update()
        if waiter:
            self._wait(waiter)
        return self._describe()

    def _status(self) -> str | None:
        try:
            stacks = self._cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        except ClientError:
            return None
        status: str = stacks[0]["StackStatus"]
        return status

    def _create(self) -> str:
        self._cloudformation.create_stack(**self._request, OnFailure="DO_NOTHING")
        return "stack_create_complete"

    def _update(self) -> str | None:
        try:
            self._cloudformation.update_stack(**self._request)
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            return None
        return "stack_update_complete"

    def _delete(self) -> None:
        self._cloudformation.delete_stack(StackName=STACK_NAME)
        self._wait("stack_delete_complete")

    def _wait(self, waiter: str) -> None:
        try:
            self._cloudformation.get_waiter(waiter).wait(
                StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
            )
        except WaiterError as error:
            raise StackError(f"{waiter} was not reached:\n{self._failures()}") from error

    def _failures(self) -> str:
        events = self._cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
        return "\n".join(
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
        )

    def _describe(self) -> Deployed:
        described = self._cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in described["Outputs"]}
        return Deployed(described["StackId"], outputs)


def package(template: dict[str, Any], uploads: Uploads) -> dict[str, Any]:
    """Replace local folders by uploaded bundles, as `sam package` does."""
    for resource in template["Resources"].values():
        if resource["Type"] in _BUILDERS:
            key, build = _BUILDERS[resource["Type"]]
            resource["Properties"][key] = uploads.put(build(ROOT / resource["Properties"][key]))
    return template
