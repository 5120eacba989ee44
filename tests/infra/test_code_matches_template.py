"""Finds a name that template, state machines and code do not agree on."""

import json
import re
from typing import Any

import pytest

from local.asl import definitions
from local.paths import ROOT
from local.policies import Resources
from tests.infra.find import of_type, refers
from trueup.domain.slots import LONGEST_CALL
from trueup.entry import settings

FUNCTION = "AWS::Serverless::Function"
MACHINE = "AWS::Serverless::StateMachine"
TASK_RESOURCES = re.compile(
    r"\$\{\w+Arn\}|arn:aws:states:::(lambda:invoke|states:startExecution|s3:getObject)"
)


def kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def folder_of(logical: str) -> str:
    snake = kebab(logical.removesuffix("Function")).replace("-", "_")
    return f"channels/{snake.removesuffix('_channel')}" if snake.endswith("_channel") else snake


def environment(template: dict[str, Any], properties: dict[str, Any]) -> frozenset[str]:
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    return frozenset(shared) | frozenset(properties["Environment"]["Variables"])


def test_no_connector_works_on_a_lost_call_longer_than_a_location_waits_for_it(
    written: Resources,
) -> None:
    functions = of_type(written, FUNCTION).items()
    channels = {name: of["Timeout"] for name, of in functions if "/channels/" in of["CodeUri"]}
    assert channels
    assert max(channels.values()) < LONGEST_CALL.total_seconds(), channels


def test_every_function_is_in_the_folder_its_name_says(written: Resources) -> None:
    for logical, properties in of_type(written, FUNCTION).items():
        assert properties["CodeUri"] == f"functions/{folder_of(logical)}/"
        assert (ROOT / properties["CodeUri"] / "app.py").is_file(), logical


def test_every_folder_is_a_function(written: Resources) -> None:
    deployed = {properties["CodeUri"] for properties in of_type(written, FUNCTION).values()}
    folders = {f"{app.parent.relative_to(ROOT)}/" for app in (ROOT / "functions").rglob("app.py")}
    assert folders == deployed


def test_every_function_handles_by_the_name_that_all_have(
    template: dict[str, Any], written: Resources
) -> None:
    assert template["Globals"]["Function"]["Handler"] == "app.handler"
    for logical, properties in of_type(written, FUNCTION).items():
        code = (ROOT / properties["CodeUri"] / "app.py").read_text()
        assert re.search(r"^(def handler\(|handler = )", code, re.MULTILINE), logical


def test_every_function_is_named_after_the_stack(written: Resources) -> None:
    for logical, properties in of_type(written, FUNCTION).items():
        folder = folder_of(logical)
        name = f"channel-{folder[9:]}" if folder.startswith("channels/") else folder
        name = name.replace("_", "-")
        assert properties["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
        assert properties["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == name


@pytest.mark.parametrize("logical", sorted(settings.FUNCTIONS))
def test_environment_is_what_the_settings_ask_for(
    logical: str, template: dict[str, Any], written: Resources
) -> None:
    given = environment(template, written[logical]["Properties"])
    assert given == settings.keys_of(settings.FUNCTIONS[logical])


def test_every_function_but_the_connectors_has_settings(written: Resources) -> None:
    core = {name for name in of_type(written, FUNCTION) if not name.endswith("ChannelFunction")}
    assert core == set(settings.FUNCTIONS)


def test_connectors_use_every_key_they_are_given(written: Resources) -> None:
    for logical, properties in of_type(written, FUNCTION).items():
        if not logical.endswith("ChannelFunction"):
            continue
        code = "".join(file.read_text() for file in (ROOT / properties["CodeUri"]).rglob("*.py"))
        for key in set(properties["Environment"]["Variables"]) - {"POWERTOOLS_SERVICE_NAME"}:
            assert key in code, f"{logical}: {key}"


def test_every_state_machine_is_a_file_and_every_file_a_state_machine(written: Resources) -> None:
    deployed = {ROOT / machine["DefinitionUri"] for machine in of_type(written, MACHINE).values()}
    assert deployed == set(definitions())


def test_every_substitution_is_used_and_every_name_substituted(written: Resources) -> None:
    for logical, machine in of_type(written, MACHINE).items():
        text = (ROOT / machine["DefinitionUri"]).read_text()
        used = set(re.findall(r"\$\{(\w+)\}", text))
        assert used == set(machine["DefinitionSubstitutions"]), logical


def test_every_task_is_of_a_substituted_function_or_a_known_service() -> None:
    for file in definitions():
        for resource in resources_of(json.loads(file.read_text())):
            assert TASK_RESOURCES.fullmatch(resource), f"{file.name}: {resource}"


def test_state_machines_call_published_versions(written: Resources) -> None:
    for logical, machine in of_type(written, MACHINE).items():
        for name, value in machine["DefinitionSubstitutions"].items():
            if name.endswith("FunctionArn"):
                expected = {"Ref": f"{name.removesuffix('Arn')}.Version"}
                assert value == expected, f"{logical}: {name}"


EXPRESS_SECONDS = 300
LONGEST_PAUSE = 10


def test_no_state_gives_up_before_its_function_and_a_maps_child_has_time_for_two_tries(
    written: Resources,
) -> None:
    seconds = {
        f"${{{name}Arn}}": properties["Timeout"]
        for name, properties in of_type(written, FUNCTION).items()
    }
    for file in definitions():
        definition = json.loads(file.read_text())
        for task in tasks_of(definition):
            assert seconds.get(task["Resource"], 0) <= task["TimeoutSeconds"], file.name
        for child in express_children_of(definition):
            for task in tasks_of(child):
                assert 2 * task["TimeoutSeconds"] + LONGEST_PAUSE <= EXPRESS_SECONDS, file.name


def tasks_of(state: Any) -> list[dict[str, Any]]:
    """Every Task, however deep."""
    if not isinstance(state, dict):
        return []
    own = [state] if state.get("Type") == "Task" else []
    return own + [found for entry in state.values() for found in tasks_of(entry)]


def express_children_of(definition: dict[str, Any]) -> list[dict[str, Any]]:
    processors = [state.get("ItemProcessor", {}) for state in definition["States"].values()]
    return [p for p in processors if p.get("ProcessorConfig", {}).get("ExecutionType") == "EXPRESS"]


def test_a_state_machine_may_call_exactly_the_functions_it_names(written: Resources) -> None:
    for logical, machine in of_type(written, MACHINE).items():
        named = set(refers(machine["DefinitionSubstitutions"]))
        functions = {name for name in named if name.endswith("Function")}
        callable_ = set(re.findall(r"\$\{(\w+Function)\.Arn\}:\*", json.dumps(machine["Policies"])))
        assert callable_ == functions, logical


def resources_of(state: Any) -> list[str]:
    """Every Resource of every Task, however deep; an ItemReader's too."""
    if isinstance(state, list):
        return [found for entry in state for found in resources_of(entry)]
    if not isinstance(state, dict):
        return []
    own = [state["Resource"]] if isinstance(state.get("Resource"), str) else []
    return own + [found for entry in state.values() for found in resources_of(entry)]
