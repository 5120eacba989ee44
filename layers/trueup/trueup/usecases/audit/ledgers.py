"""Checking the ledgers' chains of blocks against themselves and against their anchors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec import MsgspecError
from zstandard import ZstdError

from trueup.domain.errors import DefectError
from trueup.domain.tampering import Finding, Step, Wrong
from trueup.ledger.blocks import START, Block, Place, stands_at
from trueup.ledger.streams import SHARDS
from trueup.ports import Ledger, Registry
from trueup.usecases.audit.anchoring import anchor_of, streams_of

BLOCKS = 200
"""Blocks that one call checks: each is unpacked and hashed."""


@dataclass(frozen=True, slots=True)
class At:
    """The next block to check. An empty stream: begin with the first."""

    stream: str = ""
    shard: int = 0
    sequence: int = 1


@dataclass(frozen=True, slots=True)
class Walked:
    """What a call checked, and where to go on (None: that was all, or something is wrong)."""

    checked: int
    finding: Finding | None = None
    following: At | None = None


def walk_ledgers(
    registry: Registry, ledger: Ledger, begin: At, in_time: Callable[[], bool]
) -> Walked:
    """Check the blocks of all shards from `begin` on, some `BLOCKS` of them."""
    checked, at = 0, begin
    for stream, shard in _shards(registry, begin):
        at = begin if (stream, shard) == (begin.stream, begin.shard) else At(stream, shard)
        walked = _walk(registry, ledger, at, BLOCKS - checked)
        checked += walked.checked
        if walked.finding or walked.following:
            return Walked(checked, walked.finding, walked.following)
        if checked >= BLOCKS or not in_time():
            return Walked(checked, following=At(stream, shard + 1))
    return Walked(checked)


def _shards(registry: Registry, begin: At) -> Iterator[tuple[str, int]]:
    for stream in streams_of(registry):
        for shard in range(SHARDS):
            if (stream, shard) >= (begin.stream, begin.shard):
                yield stream, shard


def _walk(registry: Registry, ledger: Ledger, at: At, limit: int) -> Walked:
    anchor = anchor_of(registry, at.stream).get(at.shard)
    place = Place(at.stream, at.shard, at.sequence, _hash_before(ledger, at))
    checked = 0
    for sequence, block in ledger.read(at.stream, at.shard, at.sequence - 1):
        if checked >= limit:
            return Walked(checked, following=At(at.stream, at.shard, place.sequence))
        finding = _unfit(place, sequence, block) or _unanchored(place, block, anchor)
        if finding is not None:
            return Walked(checked, finding)
        checked += 1
        place = Place(at.stream, at.shard, sequence + 1, block.hash)
    return Walked(checked, _cut_short(place, anchor))


def _hash_before(ledger: Ledger, at: At) -> str:
    """The hash that the next block has to name; a missing one shows as its gap."""
    if at.sequence <= 1:
        return START
    before = ledger.read(at.stream, at.shard, at.sequence - 2, at.sequence - 1)
    return next((block.hash for _, block in before), START)


def _unfit(place: Place, sequence: int, block: Block) -> Finding | None:
    if sequence != place.sequence:
        return _finding(place, Wrong.MISSING, "It is not in its place: deleted or moved.")
    if not _whole(block, place):
        reason = "What it holds does not fit its hash, its place or the block before it."
        return _finding(place, Wrong.ALTERED, reason)
    return None


def _whole(block: Block, place: Place) -> bool:
    try:
        return stands_at(block, place)
    except (DefectError, MsgspecError, ZstdError):  # it cannot be unpacked or read at all
        return False


def _unanchored(place: Place, block: Block, anchor: Step | None) -> Finding | None:
    if anchor is None or anchor.sequence != place.sequence or anchor.hash == block.hash:
        return None
    return _finding(place, Wrong.ALTERED, "It, or one before it, is not the one that was anchored.")


def _cut_short(place: Place, anchor: Step | None) -> Finding | None:
    if anchor is None or place.sequence > anchor.sequence:
        return None
    return _finding(place, Wrong.MISSING, "An anchor knows it, and it is not there.")


def _finding(place: Place, wrong: Wrong, reason: str) -> Finding:
    return Finding(place.sequence, wrong, reason, f"{place.stream} {place.shard}")
