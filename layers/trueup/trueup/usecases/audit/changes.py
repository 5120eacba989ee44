"""What a write changes, as the audit trail tells it."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from trueup.domain.accounts import Entity
from trueup.domain.audit import Change, Verb

LIMITS = (8_000, 1_000, 100)
"""Bytes of JSON that one value may have, tried in turn until a change is small enough."""
MAX_BYTES = 250_000
"""Of the changes of one transaction together: they are one stored item."""

_SECRET = re.compile(r"secret|passw|token|credential|private|api.?key", re.IGNORECASE)
_KEPT_BACK = "(kept back)"
_UNTOLD = frozenset({"schema_version"})


def change_of(before: Entity | None, after: Entity | None) -> Change | None:
    """What became of one record; None where nothing of it changed."""
    subject = after or before
    if subject is None:
        return None
    was, now = _fields(before), _fields(after)
    changed = [name for name in was | now if was.get(name) != now.get(name)]
    if before is not None and after is not None and not changed:
        return None
    return Change(
        verb=_verb(before, after),
        kind=subject.record,
        identity=subject.identity,
        before={name: was[name] for name in changed if name in was},
        after={name: now[name] for name in changed if name in now},
    )


def _verb(before: Entity | None, after: Entity | None) -> Verb:
    if before is None:
        return Verb.CREATED
    return Verb.REMOVED if after is None else Verb.CHANGED


def _fields(entity: Entity | None) -> dict[str, Any]:
    """A record's own fields. Below its top level, what is called like a secret is kept back.

    At the top level `secret` is the name of one, and says which was used.
    """
    if entity is None:
        return {}
    fields = entity.model_dump(mode="json")
    return {name: _discreet(value) for name, value in fields.items() if name not in _UNTOLD}


def _discreet(value: Any) -> Any:
    if isinstance(value, list):
        return [_discreet(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {k: _KEPT_BACK if _SECRET.search(k) else _discreet(v) for k, v in value.items()}


def bounded(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """The changes, with values too long for one record replaced by their size and digest."""
    shorter = changes
    for limit in LIMITS:
        shorter = tuple(_shortened(change, limit) for change in changes)
        if sum(len(change.model_dump_json()) for change in shorter) <= MAX_BYTES:
            break
    return shorter


def _shortened(change: Change, limit: int) -> Change:
    sides = {
        "before": {name: _short(value, limit) for name, value in change.before.items()},
        "after": {name: _short(value, limit) for name, value in change.after.items()},
    }
    return change.model_copy(update=sides)


def _short(value: Any, limit: int) -> Any:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    if len(text) <= limit:
        return value
    return {"bytes": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
