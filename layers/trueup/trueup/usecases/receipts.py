"""Requests that may be repeated: the same idempotency key gets the same answer."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from trueup.domain.errors import ConflictError, RetryLaterError
from trueup.domain.imports import Receipt
from trueup.domain.time import Clock
from trueup.ports import Create, Registry, Remove, Replace, Stored

ABANDONED = timedelta(seconds=60)
"""A request without a result after this long died on the way; its key may be used again."""


def once(
    registry: Registry, clock: Clock, scope: str, key: str, body: bytes, act: Callable[[], str]
) -> str:
    """`act`'s result, or what it gave for the same key and body before.

    ConflictError: the key was used with another body. RetryLaterError: the first request with it
    is still being worked on. A request that raises leaves its key free.
    """
    digest = hashlib.sha256(body).hexdigest()
    before = registry.get(Receipt, scope, key)
    if before is not None and before.value.forget_at <= clock():
        registry.write(Remove(before.value, before.version))
        before = None
    if before is not None and before.value.digest != digest:
        raise ConflictError("This idempotency key was used with another request body.")
    if before is not None and before.value.result:
        return before.value.result
    reserved = _reserve(
        registry, clock, before, Receipt(scope=scope, key=key, digest=digest, result="", at=clock())
    )
    try:
        result = act()
    except Exception:
        registry.write(Remove(reserved.value, reserved.version))
        raise
    registry.write(Replace(reserved.value.model_copy(update={"result": result}), reserved.version))
    return result


def _reserve(
    registry: Registry, clock: Clock, before: Stored[Receipt] | None, receipt: Receipt
) -> Stored[Receipt]:
    busy = RetryLaterError("The first request with this idempotency key is still at work.", 2)
    if before is not None and clock() - before.value.at < ABANDONED:
        raise busy
    write = Create(receipt) if before is None else Replace(receipt, before.version)
    try:
        registry.write(write)
    except ConflictError as error:
        raise busy from error
    stored = registry.get(Receipt, *receipt.identity)
    if stored is None:
        raise busy
    return stored
