"""An object of S3 written piece by piece: a multipart upload, in parts of some megabytes."""

from contextlib import suppress
from typing import TYPE_CHECKING

from trueup.adapters.errors import translated
from trueup.domain.errors import TrueupError
from trueup.ports import Meter

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

SENDING = "Writing a file"
PART_BYTES = 8 << 20
"""S3 takes 10,000 parts of at least 5 MiB: files of up to 80 GiB."""


class S3Upload:
    """What is smaller than a part is put at once. Until it is finished, nothing can be read."""

    def __init__(
        self, client: "S3Client", bucket: str, key: str, content_type: str, meter: Meter
    ) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._content_type, self._meter = content_type, meter
        self._held = bytearray()
        self._size = 0
        self._upload = ""
        self._parts: list[CompletedPartTypeDef] = []

    def write(self, piece: bytes) -> None:
        self._held += piece
        self._size += len(piece)
        while len(self._held) >= PART_BYTES:
            part = bytes(memoryview(self._held)[:PART_BYTES])
            del self._held[:PART_BYTES]
            self._send(part)

    def finish(self) -> int:
        if not self._parts:
            self._put()
            return self._size
        if self._held:
            self._send(bytes(self._held))
            self._held.clear()
        with translated(SENDING):
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload,
                MultipartUpload={"Parts": self._parts},
            )
        self._upload = ""
        self._meter.add(s3_puts=1)
        return self._size

    def abort(self) -> None:
        """As well as can be: what is left, the bucket's lifecycle throws away."""
        upload, self._upload = self._upload, ""
        if upload:
            with suppress(TrueupError), translated(SENDING):
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=self._key, UploadId=upload
                )

    def _put(self) -> None:
        with translated(SENDING):
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=bytes(self._held),
                ContentType=self._content_type,
            )
        self._meter.add(s3_puts=1)

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        with translated(SENDING):
            if not self._upload:
                self._upload = self._begun()
            sent = self._client.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload,
                PartNumber=number,
                Body=part,
            )
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})
        self._meter.add(s3_puts=1)

    def _begun(self) -> str:
        self._meter.add(s3_puts=1)
        begun = self._client.create_multipart_upload(
            Bucket=self._bucket, Key=self._key, ContentType=self._content_type
        )
        return begun["UploadId"]
