"""Whether what is stored of a book is still what its names say, which are hashes of contents."""

from collections.abc import Mapping, Sequence

import msgspec
import zstandard

from trueup.books.blobs import content_hash
from trueup.books.manifest import Frame, Manifest, load_manifest, save_manifest
from trueup.books.reader import plain_of, read_blobs
from trueup.books.squeezing import unsqueeze
from trueup.books.stores import BlobReader
from trueup.domain.errors import DefectError

_AT_ONCE = 16
_UNREADABLE = (
    DefectError,
    LookupError,
    OverflowError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
    zstandard.ZstdError,
)
"""What reading altered or missing blobs may raise."""


class _Nowhere:
    """Stores nothing: a manifest's name is asked for."""

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        raise DefectError(f"nothing of {book} is here: {', '.join(hashes)}")

    def put_many(self, book: str, blobs: Mapping[str, bytes]) -> None:
        pass


def manifest_name(book: str, manifest: Manifest) -> str:
    """The hash that a manifest is stored by."""
    return save_manifest(_Nowhere(), book, manifest)


def unsound_version(
    store: BlobReader, book: str, manifest: str, lo: str | None = None, hi: str | None = None
) -> str:
    """What is wrong with a version's manifest, or with its frames from `lo` to `hi`; "" nothing."""
    try:
        loaded = load_manifest(store, book, manifest)
        if manifest_name(book, loaded) != manifest:
            return f"The manifest {manifest} of {book} was altered."
    except _UNREADABLE:
        return f"The manifest {manifest} of {book} cannot be read."
    return unsound_frames(store, book, loaded.between(lo, hi))


def unsound_frames(store: BlobReader, book: str, frames: Sequence[Frame]) -> str:
    """What is wrong with the pages or sheets of some frames; "" if nothing is."""
    for start in range(0, len(frames), _AT_ONCE):
        some = frames[start : start + _AT_ONCE]
        try:
            altered = _altered(store, book, some)
        except _UNREADABLE:
            return f"A page of {book} from {some[0].first_key!r} on cannot be read."
        if altered:
            return f"A page of {book} was altered: {altered}."
    return ""


def _altered(store: BlobReader, book: str, frames: Sequence[Frame]) -> str:
    """The name of a content that is another one."""
    blobs = read_blobs(store, book, frames)
    sheets = [frame.sheet for frame in frames if frame.sheet]
    said = store.get_many(book, sheets) if sheets else {}
    for frame in frames:
        if content_hash(plain_of(frame, blobs)) != frame.content:
            return frame.content
    return next((name for name in sheets if content_hash(unsqueeze(said[name])) != name), "")
