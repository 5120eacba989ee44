"""Imports files as anybody would: ask for an import, post the file to the form, start, wait."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from local.demo.api import Api
from local.demo.errors import DemoError
from local.demo.files import Source

_DONE: Final = ("Applied", "Unchanged")
_OVER: Final = (*_DONE, "Rejected", "Failed", "AwaitingConfirmation")
_WAIT_SECONDS: Final = 180


def applied(api: Api) -> dict[tuple[str, str], datetime]:
    """(kind, target) of all that has been imported, and the instant that it is of."""
    found: dict[tuple[str, str], datetime] = {}
    cursor = ""
    while True:
        page = api.get(f"/v1/imports?limit=50{cursor}")
        done = [item for item in page["imports"] if item["state"] in _DONE]
        found |= {(item["kind"], item["target"]): _instant(item) for item in done}
        if page["cursor"] is None:
            return found
        cursor = f"&cursor={page['cursor']}"


def _instant(item: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(item["as_of"] or item["created_at"])


def run_import(api: Api, source: Source, file: Path, as_of: datetime | None) -> dict[str, Any]:
    """Import a file and wait until it is applied; DemoError with the reason if it is not."""
    created = api.post(
        "/v1/imports",
        {
            "kind": source.kind,
            "target": source.target,
            "format": source.style.format,
            "complete": source.complete,
            "as_of": as_of.isoformat() if as_of else None,
        },
    )
    _upload(created["form"], file)
    api.post(f"/v1/imports/{created['id']}/start")
    return _settled(api, created["id"], file)


def _upload(form: dict[str, Any], file: Path) -> None:
    with file.open("rb") as content:
        answer = httpx.post(
            form["url"],
            data=form["fields"],
            files={"file": (file.name, content)},
            timeout=60,
            trust_env=False,
        )
    if not answer.is_success:
        raise DemoError(f"{file.name} was not taken: {answer.status_code} {answer.text[:500]}")


def _settled(api: Api, id_: str, file: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        item: dict[str, Any] = api.get(f"/v1/imports/{id_}")
        if item["state"] in _OVER:
            break
        time.sleep(0.2)
    if item["state"] not in _DONE:
        cause = item.get("cause") or f"{item.get('faults', 0)} faults"
        raise DemoError(f"Import of {file.name} is {item['state']}: {cause}")
    return item
