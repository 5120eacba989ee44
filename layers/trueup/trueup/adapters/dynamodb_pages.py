"""Pages in DynamoDB: an item a blob, spread over 16 partitions a book by the hash's first digit.

A partition takes 1,000 write units a second; the first version of a large book is more than that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from trueup.adapters.backoff import Backoff
from trueup.adapters.dynamodb_writes import Raw, units_of
from trueup.adapters.errors import CONDITION_FAILED, code_of, translated
from trueup.adapters.registry_items import key_part
from trueup.books.blobs import BLOB_LIMIT
from trueup.domain.errors import DefectError, RetryLaterError
from trueup.domain.time import Clock, from_iso, iso
from trueup.ports import Meter, PageInfo

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHARDS = "0123456789abcdef"
READING = "Reading pages"
WRITING = "Writing pages"
DELETING = "Deleting pages"
_PUTS_A_CALL = 25
_KEYS_A_CALL = 100


class DynamoDBPages:
    """The page store of one seller. Conditions and projections never touch the payload."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        seller: str,
        clock: Clock,
        meter: Meter,
        backoff: Backoff | None = None,
    ) -> None:
        # boto3's types ask for literal attribute maps, which makes bulk code unreadable.
        self._client: Any = client
        self._table = table
        self._seller = key_part(seller)
        self._clock = clock
        self._meter = meter
        self._backoff = backoff or Backoff()

    def put_many(self, book: str, blobs: Mapping[str, bytes]) -> None:
        _check_sizes(book, blobs)
        written_at = iso(self._clock())
        puts = [
            {"PutRequest": {"Item": self._item(book, name, blob, written_at)}}
            for name, blob in blobs.items()
        ]
        for batch in _batches(puts, _PUTS_A_CALL):
            self._write(batch)
        self._meter.add(items_written=len(blobs), bytes_written=sum(map(len, blobs.values())))

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        """Reads at half price first; what is not found, once more and strongly consistent.

        That is safe because a blob never changes: a replica can lack it, but not have an old one.
        """
        wanted = list(dict.fromkeys(hashes))
        found = dict(self._read(book, wanted, consistent=False))
        missing = [name for name in wanted if name not in found]
        found.update(self._read(book, missing, consistent=True))
        gone = [name for name in missing if name not in found]
        if gone:
            raise DefectError(f"{len(gone)} pages of {book} are gone: {', '.join(gone)}")
        return found

    def list(self, book: str) -> Iterable[PageInfo]:
        """Costs as much as reading the payloads: DynamoDB charges for whole items."""
        for shard in SHARDS:
            for raw in self._query(self._partition(book, shard)):
                written_at = from_iso(raw["written_at"]["S"])
                yield PageInfo(raw["sk"]["S"], written_at, int(raw["size"]["N"]))

    def delete_unwritten_since(self, book: str, hash_: str, cutoff: datetime) -> bool:
        with translated(DELETING):
            try:
                self._delete(self._key(book, hash_), iso(cutoff))
            except ClientError as error:
                if code_of(error) in CONDITION_FAILED:
                    return False
                raise
        return True

    def _partition(self, book: str, shard: str) -> str:
        return f"{self._seller}#{key_part(book)}#{shard}"

    def _key(self, book: str, name: str) -> Raw:
        return {"pk": {"S": self._partition(book, name[:1])}, "sk": {"S": name}}

    def _item(self, book: str, name: str, blob: bytes, written_at: str) -> Raw:
        return self._key(book, name) | {
            "payload": {"B": blob},
            "size": {"N": str(len(blob))},
            "written_at": {"S": written_at},
        }

    def _write(self, puts: Sequence[Raw]) -> None:
        left = list(puts)
        for _ in self._backoff.tries():
            with translated(WRITING):
                answer = self._client.batch_write_item(
                    RequestItems={self._table: left}, ReturnConsumedCapacity="TOTAL"
                )
            self._meter.add(write_units=units_of(answer))
            left = answer.get("UnprocessedItems", {}).get(self._table, [])
            if not left:
                return
        raise RetryLaterError(f"{WRITING}: the table is busy.", 5)

    def _read(
        self, book: str, names: Sequence[str], *, consistent: bool
    ) -> Iterator[tuple[str, bytes]]:
        keys = [self._key(book, name) for name in names]
        for batch in _batches(keys, _KEYS_A_CALL):
            for raw in self._read_batch({"Keys": batch, "ConsistentRead": consistent}):
                yield raw["sk"]["S"], raw["payload"]["B"]

    def _read_batch(self, request: Raw) -> Iterator[Raw]:
        left = request | {"ProjectionExpression": "sk, payload"}
        for _ in self._backoff.tries():
            with translated(READING):
                answer = self._client.batch_get_item(
                    RequestItems={self._table: left}, ReturnConsumedCapacity="TOTAL"
                )
            self._meter.add(read_units=units_of(answer))
            yield from answer["Responses"].get(self._table, [])
            left = answer.get("UnprocessedKeys", {}).get(self._table)
            if not left:
                return
        raise RetryLaterError(f"{READING}: the table is busy.", 5)

    def _query(self, partition: str) -> Iterator[Raw]:
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ProjectionExpression": "sk, written_at, #size",
            "ExpressionAttributeNames": {"#size": "size"},
            "ReturnConsumedCapacity": "TOTAL",
        }
        while True:
            with translated(READING):
                answer = self._client.query(**request)
            self._meter.add(read_units=units_of(answer))
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _delete(self, key: Raw, cutoff: str) -> None:
        not_written_again = "written_at < :cutoff"  # a writer may have found it of use meanwhile
        answer = self._client.delete_item(
            TableName=self._table,
            Key=key,
            ConditionExpression=not_written_again,
            ExpressionAttributeValues={":cutoff": {"S": cutoff}},
            ReturnConsumedCapacity="TOTAL",
        )
        self._meter.add(write_units=units_of(answer))


def _check_sizes(book: str, blobs: Mapping[str, bytes]) -> None:
    for name, blob in blobs.items():
        if len(blob) > BLOB_LIMIT:
            raise DefectError(f"The blob {name} of {book} has {len(blob)} bytes.")


def _batches(items: Sequence[Raw], size: int) -> Iterator[Sequence[Raw]]:
    return (items[start : start + size] for start in range(0, len(items), size))
