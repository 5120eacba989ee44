"""Giving a finished file out: a link made when somebody asks for it, to that one object."""

from dataclasses import dataclass
from datetime import datetime

from trueup.domain.errors import ConflictError, TrueupError
from trueup.domain.exports import Export, ExportState
from trueup.ports import ObjectStore, Registry
from trueup.tables.names import file_name
from trueup.usecases.exports.starting import require_export

LINK_SECONDS = 5 * 60
"""How long a link is good for: what `ports.ObjectStore.download_link` promises."""


class ExpiredError(TrueupError):
    """The file is gone."""


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    file_name: str


def link_to(registry: Registry, files: ObjectStore, id_: str, now: datetime) -> Link:
    """NotFoundError: no such export; ConflictError: it has no file; ExpiredError."""
    export = require_export(registry, id_).value
    if export.state is not ExportState.SUCCESS:
        raise ConflictError(f"This export is {export.state}: it has no file.")
    if export.expires_at is not None and now >= export.expires_at:
        raise ExpiredError("The file of this export has expired; export the view again.")
    name = name_of(export)
    return Link(files.download_link(export.key, name, export.format.content_type), name)


def name_of(export: Export) -> str:
    """Readable, and made of nothing that could be steered from outside."""
    account = export.filters.get("account") or export.filters.get("channel") or ""
    parts = ("trueup", export.of, str(account), f"{export.as_of:%Y-%m-%d-%H%M}")
    return file_name(parts, export.format)
