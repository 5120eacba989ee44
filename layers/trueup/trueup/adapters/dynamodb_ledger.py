"""The ledger in DynamoDB: an item a block, a partition a shard, memories beside them.

A block is put on the sequence after the last one, on the condition that nobody was first.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from trueup.adapters.dynamodb_writes import Raw, units_of
from trueup.adapters.errors import CONDITION_FAILED, code_of, response_of, translated
from trueup.adapters.registry_items import key_part
from trueup.domain.errors import ConflictError, DefectError
from trueup.ledger.blocks import BLOCK_LIMIT, Block
from trueup.ledger.memory import Memory
from trueup.ports import Meter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READING = "Reading the ledger"
APPENDING = "Appending to the ledger"
REMEMBERING = "Keeping the ids of the ledger"

_TEXTS = ("hash", "previous")
_NUMBERS = ("recorded_at", "entries", "first", "last", "counts_from")


class DynamoDBLedger:
    """The streams of one seller."""

    def __init__(self, client: "DynamoDBClient", table: str, seller: str, meter: Meter) -> None:
        # boto3's types ask for literal attribute maps, which makes bulk code unreadable.
        self._client: Any = client
        self._table = table
        self._seller = key_part(seller)
        self._meter = meter

    @property
    def name(self) -> str:
        return f"{self._client.meta.endpoint_url} {self._table} {self._seller}"

    def append(self, stream: str, shard: int, sequence: int, block: Block) -> None:
        if len(block.payload) > BLOCK_LIMIT:
            raise DefectError(f"A block of {stream} has {len(block.payload)} bytes.")
        item = self._key(stream, shard, sequence) | _attributes(block)
        with translated(APPENDING):
            try:
                answer = self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    ReturnConsumedCapacity="TOTAL",
                )
            except ClientError as error:
                if not _was_ours(error, block):
                    raise
                answer = {}  # our own first attempt, whose answer was lost
        size = len(block.payload)
        self._meter.add(write_units=units_of(answer), items_written=1, bytes_written=size)

    def last(self, stream: str, shard: int) -> int:
        request = self._request(self._partition(stream, shard)) | {
            "ScanIndexForward": False,
            "Limit": 1,
            "ProjectionExpression": "#sequence",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
        }
        return max((int(raw["sequence"]["N"]) for raw in self._page(request)[0]), default=0)

    def read(
        self, stream: str, shard: int, after: int = 0, until: int | None = None
    ) -> Iterable[tuple[int, Block]]:
        if until is not None and until <= after:
            return
        request = self._request(self._partition(stream, shard))
        request["KeyConditionExpression"] += " AND #sequence BETWEEN :from AND :until"
        request["ExpressionAttributeNames"] = {"#sequence": "sequence"}
        request["ExpressionAttributeValues"] |= {
            ":from": {"N": str(after + 1)},
            ":until": {"N": str(until or 2**53)},
        }
        for raw in self._query(request):
            yield int(raw["sequence"]["N"]), _block(raw)

    def remember(self, stream: str, shard: int, memory: Memory) -> None:
        key = {"pk": {"S": self._memories(stream, shard)}, "sequence": {"N": str(memory.first)}}
        item = key | {
            "until": {"N": str(memory.until)},
            "hash": {"S": memory.hash},
            "recorded_at": {"N": str(memory.recorded_at)},
            "last": {"N": str(memory.last)},
            "ids": {"B": memory.ids},
            "marks": {"B": memory.marks},
        }
        with translated(REMEMBERING):
            answer = self._client.put_item(
                TableName=self._table, Item=item, ReturnConsumedCapacity="TOTAL"
            )
        size = len(memory.ids) + len(memory.marks)
        self._meter.add(write_units=units_of(answer), items_written=1, bytes_written=size)

    def memories(self, stream: str, shard: int) -> Iterable[Memory]:
        for raw in self._query(self._request(self._memories(stream, shard))):
            yield Memory(
                first=int(raw["sequence"]["N"]),
                until=int(raw["until"]["N"]),
                hash=raw["hash"]["S"],
                recorded_at=int(raw["recorded_at"]["N"]),
                last=int(raw["last"]["N"]),
                ids=raw["ids"]["B"],
                marks=raw["marks"]["B"],
            )

    def forget(self, stream: str, shard: int, first: int) -> None:
        key = {"pk": {"S": self._memories(stream, shard)}, "sequence": {"N": str(first)}}
        with translated(REMEMBERING):
            answer = self._client.delete_item(
                TableName=self._table, Key=key, ReturnConsumedCapacity="TOTAL"
            )
        self._meter.add(write_units=units_of(answer))

    def _partition(self, stream: str, shard: int) -> str:
        return f"{self._seller}#{key_part(stream)}#{shard}"

    def _memories(self, stream: str, shard: int) -> str:
        return f"{self._partition(stream, shard)}#memory"

    def _key(self, stream: str, shard: int, sequence: int) -> Raw:
        return {"pk": {"S": self._partition(stream, shard)}, "sequence": {"N": str(sequence)}}

    def _request(self, partition: str) -> Raw:
        return {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ReturnConsumedCapacity": "TOTAL",
        }

    def _query(self, request: Raw) -> Iterator[Raw]:
        while True:
            items, more = self._page(request)
            yield from items
            if not more:
                return
            request["ExclusiveStartKey"] = more

    def _page(self, request: Raw) -> tuple[list[Raw], Raw | None]:
        with translated(READING):
            answer = self._client.query(**request)
        self._meter.add(read_units=units_of(answer))
        return answer["Items"], answer.get("LastEvaluatedKey")


def _attributes(block: Block) -> Raw:
    texts = {name: {"S": getattr(block, name)} for name in _TEXTS}
    numbers = {name: {"N": str(getattr(block, name))} for name in _NUMBERS}
    return texts | numbers | {"payload": {"B": block.payload}}


def _block(raw: Raw) -> Block:
    found: dict[str, Any] = {name: raw[name]["S"] for name in _TEXTS}
    found |= {name: int(raw[name]["N"]) for name in _NUMBERS}
    return Block(**found, payload=raw["payload"]["B"])


def _was_ours(error: ClientError, block: Block) -> bool:
    """Whether the block that is there is this one; ConflictError if it is another."""
    if code_of(error) not in CONDITION_FAILED:
        return False
    found = response_of(error).get("Item") or {}
    if found.get("hash") != {"S": block.hash}:
        raise ConflictError("Others appended to this shard meanwhile.") from error
    return True
