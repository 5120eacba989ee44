"""An ObjectStore in memory: the twin of the S3 one, for tests and the bench."""

from collections.abc import Iterable, Sequence
from typing import Any

from trueup.domain.errors import DefectError, NotFoundError
from trueup.ports import Meter

_CHUNK = 65_536


class MemoryObjects:
    """Objects of one bucket. Links and forms point to ``memory:`` and lead nowhere."""

    def __init__(self, meter: Meter | None = None) -> None:
        self._bodies: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}
        self.meter = meter or Meter()

    def put(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        self._bodies[key] = bytes(body)
        self.content_types[key] = content_type
        self.meter.add(s3_puts=1)

    def get(self, key: str) -> bytes:
        self.meter.add(s3_gets=1)
        return self._body(key)

    def get_range(self, key: str, start: int, end: int) -> bytes:
        self.meter.add(s3_gets=1)
        body = self._body(key)
        return body[start:] if start < 0 else body[start:end]

    def size(self, key: str) -> int:
        return len(self._body(key))

    def stream(self, key: str) -> Iterable[bytes]:
        body = self.get(key)
        return (body[i : i + _CHUNK] for i in range(0, len(body), _CHUNK))

    def list(self, prefix: str) -> Iterable[str]:
        return sorted(key for key in self._bodies if key.startswith(prefix))

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._bodies.pop(key, None)
            self.content_types.pop(key, None)

    def begin(self, key: str, content_type: str) -> "MemoryUpload":
        return MemoryUpload(self, key, content_type)

    def upload_form(self, key: str, max_bytes: int, content_type: str) -> dict[str, Any]:
        fields = {"key": key, "Content-Type": content_type, "max_bytes": str(max_bytes)}
        return {"url": "memory:upload", "fields": fields}

    def download_link(self, key: str, file_name: str, content_type: str) -> str:
        return f"memory:{key}?name={file_name}&type={content_type}"

    def _body(self, key: str) -> bytes:
        if key not in self._bodies:
            raise NotFoundError(f"There is no object {key}.")
        return self._bodies[key]


class MemoryUpload:
    """Pieces that become an object when it is finished."""

    def __init__(self, objects: MemoryObjects, key: str, content_type: str) -> None:
        self._objects, self._key, self._content_type = objects, key, content_type
        self._pieces: list[bytes] | None = []

    def write(self, piece: bytes) -> None:
        if self._pieces is None:
            raise DefectError("This upload is over.")
        self._pieces.append(bytes(piece))

    def finish(self) -> int:
        if self._pieces is None:
            raise DefectError("This upload is over.")
        body, self._pieces = b"".join(self._pieces), None
        self._objects.put(self._key, body, self._content_type)
        return len(body)

    def abort(self) -> None:
        self._pieces = None
