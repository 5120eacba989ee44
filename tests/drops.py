"""Drops of CSV files in a bucket, as a channel makes them."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

BUCKET = "drops"


def put_drop(
    client: Any,
    seller: str,
    account: str,
    name: str,
    bodies: Mapping[str, tuple[bytes, int]],
    *,
    bucket: str = BUCKET,
    **manifest: Any,
) -> None:
    """Upload files (body, rows), then their manifest, whose fields `manifest` overrides."""
    prefix = f"drops/{seller}/{account}/"
    entries = []
    for file, (body, rows) in bodies.items():
        client.put_object(Bucket=bucket, Key=prefix + file, Body=body)
        digest = hashlib.sha256(body).hexdigest()
        entries.append({"name": file, "rows": rows, "sha256": digest})
    whole = {
        "schema": 1,
        "files": entries,
        "captured_at": datetime.now(UTC).isoformat(),
        "complete": True,
        **manifest,
    }
    body = json.dumps(whole).encode()
    client.put_object(Bucket=bucket, Key=f"{prefix}{name}.manifest.json", Body=body)
