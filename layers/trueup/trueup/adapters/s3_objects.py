"""Objects in one S3 bucket. Roles need s3:ListBucket too, or a missing object looks forbidden."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from trueup.adapters.errors import translated
from trueup.adapters.s3_uploads import S3Upload
from trueup.domain.errors import RetryLaterError
from trueup.ports import Meter

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READING = "Reading a file"
WRITING = "Writing a file"
UPLOAD_SECONDS = 15 * 60
DOWNLOAD_SECONDS = 5 * 60
_CHUNK = 1 << 20
_KEYS_A_CALL = 1000


class S3Objects:
    """An object store; uploads and downloads by browsers use links that it signs."""

    def __init__(self, client: "S3Client", bucket: str, meter: Meter) -> None:
        self._client = client
        self._bucket = bucket
        self._meter = meter

    def put(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        with translated(WRITING):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType=content_type
            )
        self._meter.add(s3_puts=1)

    def get(self, key: str) -> bytes:
        self._meter.add(s3_gets=1)
        with translated(READING):
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def get_range(self, key: str, start: int, end: int) -> bytes:
        if 0 <= end <= start:
            return b""  # S3 has no empty range
        wanted = f"bytes={start}" if start < 0 else f"bytes={start}-{end - 1}"
        self._meter.add(s3_gets=1)
        with translated(READING):
            answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=wanted)
            return answer["Body"].read()

    def size(self, key: str) -> int:
        self._meter.add(s3_gets=1)
        with translated(READING):
            return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]

    def stream(self, key: str) -> Iterable[bytes]:
        self._meter.add(s3_gets=1)
        with translated(READING):
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            yield from body.iter_chunks(_CHUNK)

    def list(self, prefix: str) -> Iterable[str]:
        pages = self._client.get_paginator("list_objects_v2")
        with translated("Listing files"):
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                self._meter.add(s3_puts=1)  # a list request is priced as a put
                yield from (found["Key"] for found in page.get("Contents", []))

    def delete(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _KEYS_A_CALL):
            self._delete(keys[start : start + _KEYS_A_CALL])

    def begin(self, key: str, content_type: str) -> S3Upload:
        return S3Upload(self._client, self._bucket, key, content_type, self._meter)

    def upload_form(self, key: str, max_bytes: int, content_type: str) -> dict[str, Any]:
        """The form's fields must be posted as given, before the file."""
        with translated(WRITING):
            return self._client.generate_presigned_post(
                self._bucket,
                key,
                Fields={"Content-Type": content_type},
                Conditions=[
                    {"Content-Type": content_type},
                    ["content-length-range", 0, max_bytes],
                ],
                ExpiresIn=UPLOAD_SECONDS,
            )

    def download_link(self, key: str, file_name: str, content_type: str) -> str:
        with translated(READING):
            return self._client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": key,
                    "ResponseContentDisposition": attachment(file_name),
                    "ResponseContentType": content_type,
                },
                ExpiresIn=DOWNLOAD_SECONDS,
            )

    def _delete(self, keys: Sequence[str]) -> None:
        with translated("Deleting files"):
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True},
            )
        if answer.get("Errors"):
            raise RetryLaterError(f"{len(answer['Errors'])} files could not be deleted yet.", 5)


def attachment(file_name: str) -> str:
    """A Content-Disposition header: no name can end the header or leave the folder (RFC 6266)."""
    name = "".join(c if c.isprintable() and c not in '/\\"' else "_" for c in file_name)[:200]
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-()") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
