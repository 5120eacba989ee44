"""The drops of one account in the bucket: `drops/{seller}/{account}/`.

*.csv, *.manifest.json   what the channel shows; the manifest is uploaded last
out/, ack/               what was pushed, and what the channel says it did with it
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from drop_csv import lines
from drop_errors import DropError
from trueup.channel.contract import AccountRef

MANIFEST = ".manifest.json"
MAX_MANIFEST_BYTES = 1_000_000
CHUNK = 1 << 20
_NAME = re.compile(r"[\w][\w .()+-]{0,199}")
_SLUG = re.compile(r"[\w][\w.-]{0,127}")
_GONE = ("NoSuchKey", "404", "PreconditionFailed", "412")


class FileEntry(msgspec.Struct, frozen=True):
    """A file as its manifest announces it: `rows` without the header, `sha256` of its bytes."""

    name: str
    rows: int
    sha256: str


class NamedPlace(msgspec.Struct, frozen=True):
    id: str
    name: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """`complete`: the files list all that the channel has. `captured_at` has an offset."""

    files: list[FileEntry]
    captured_at: datetime
    complete: bool
    schema: int = 1
    locations: list[NamedPlace] = []


@dataclass(frozen=True, slots=True)
class Drop:
    name: str
    manifest: Manifest

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.manifest.files)


class Drops:
    """Reads and writes the objects of one account only."""

    def __init__(self, client: Any, bucket: str, account: AccountRef) -> None:
        for part in (account.seller, account.account):
            if not _SLUG.fullmatch(part):
                raise DropError(f"{part!r} cannot be a folder.")
        self._client = client
        self._bucket = bucket
        self._prefix = f"drops/{account.seller}/{account.account}/"

    def newest(self) -> Drop:
        """The drop whose manifest arrived last; DropError if there is none or it is malformed."""
        found = max(self._manifests(), default=None)
        if found is None:
            raise DropError(f"No manifest has arrived under {self._prefix} yet.")
        return self.named(found[1])

    def named(self, name: str) -> Drop:
        """DropError if it is gone or malformed."""
        body = self.read(name, MAX_MANIFEST_BYTES)
        if body is None:
            raise DropError(f"{name} is gone.")
        try:
            manifest = msgspec.json.decode(body, type=Manifest)
        except msgspec.MsgspecError as error:
            raise DropError(f"{name} is not a manifest: {error}") from error
        _check(name, manifest)
        return Drop(name, manifest)

    def _manifests(self) -> Iterator[tuple[datetime, str]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
        )
        for page in pages:
            for item in page.get("Contents", []):
                name = item["Key"].removeprefix(self._prefix)
                if name.endswith(MANIFEST):
                    yield item["LastModified"], name

    def read(self, name: str, limit: int) -> bytes | None:
        """A small object; None if it is not there, DropError if it is larger than `limit`."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        if answer["ContentLength"] > limit:
            raise DropError(f"{name} is larger than {limit} bytes.")
        body: bytes = answer["Body"].read()
        return body

    def open(
        self, name: str, start: int = 0, tag: str | None = None
    ) -> tuple[str, Iterator[bytes]]:
        """A file's entity tag and its chunks from byte `start`.

        DropError if it is not there, or is not the one of `tag` any more.
        """
        wanted = {"Range": f"bytes={start}-"} if start else {}
        same = {"IfMatch": tag} if tag else {}
        try:
            answer = self._client.get_object(
                Bucket=self._bucket, Key=self._prefix + name, **wanted, **same
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "InvalidRange":
                return tag or "", iter(())  # the file ends right there
            if error.response["Error"]["Code"] in _GONE:
                raise DropError(f"{name} is missing, or was replaced while it was read.") from error
            raise
        return answer["ETag"], answer["Body"].iter_chunks(CHUNK)

    def lines(self, name: str, start: int, tag: str) -> Iterator[bytes]:
        return lines(self.open(name, start, tag)[1])

    def write_once(self, name: str, body: bytes, content_type: str) -> None:
        """Write an object unless it is there already."""
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + name,
                Body=body,
                ContentType=content_type,
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise


def _check(name: str, manifest: Manifest) -> None:
    names = [file.name for file in manifest.files]
    if manifest.schema != 1:
        raise DropError(f"{name} has schema {manifest.schema}; only 1 is known.")
    if manifest.captured_at.tzinfo is None:
        raise DropError(f"{name}: `captured_at` needs an offset from UTC, such as Z.")
    if not all(_NAME.fullmatch(file) for file in names) or len(set(names)) < len(names):
        raise DropError(f"{name}: files need plain names, each once.")
    if any(file.rows < 0 for file in manifest.files):
        raise DropError(f"{name}: a file cannot have fewer than 0 rows.")
    if not manifest.complete:
        raise DropError(f"{name} does not declare itself complete: what it leaves out is unknown.")
