"""Confirming proposals: as an import of listings, so that one path applies them all."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from trueup.domain.errors import Fault, RejectedError
from trueup.domain.imports import Import, ImportKind
from trueup.usecases.imports import Intake, NewImport, import_csv
from trueup.usecases.onboarding.catalogue import gtin_of
from trueup.usecases.onboarding.proposals import Proposal, proposals
from trueup.usecases.onboarding.unlisted import Onboarding

MAX_CONFIRMED = 100_000
"""Proposals confirmed by one call; what is left is confirmed by the next."""
MAX_NAMED = 1_000
_TITLE = 1000
_PRODUCT_ID = 256
_HEADER = ("sku", "channel_sku", "gtin", "channel_product_id", "title")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The import that lists them. `more`: call again when it has been applied."""

    item: Import
    count: int
    more: bool


def confirm_all(ports: Onboarding, intake: Intake, account: str, user: str) -> Confirmed:
    """Confirm every proposal of an account, up to 100,000. RejectedError: there are none."""
    found = proposals(ports, account)
    first = list(islice(found, MAX_CONFIRMED))
    item = _import(intake, account, first, user)
    return Confirmed(item, len(first), next(found, None) is not None)


def confirm_named(
    ports: Onboarding, intake: Intake, account: str, keys: Sequence[str], user: str
) -> Confirmed:
    """Confirm the proposals of some channel codes. RejectedError naming those without one."""
    wanted = set(keys)
    found = {p.item.key: p for p in _of(ports, account, wanted)}
    faults = tuple(
        Fault(f"/channel_identifiers/{index}", "has no proposal now")
        for index, key in enumerate(keys)
        if key not in found
    )
    if faults:
        raise RejectedError("Some of these cannot be confirmed.", faults)
    return Confirmed(_import(intake, account, list(found.values()), user), len(found), more=False)


def _of(ports: Onboarding, account: str, keys: Collection[str]) -> Iterator[Proposal]:
    """The proposals of some channel codes."""
    last = max(keys)
    for proposal in proposals(ports, account, min(keys)):
        if proposal.item.key > last:
            return
        if proposal.item.key in keys:
            yield proposal


def _import(intake: Intake, account: str, some: Sequence[Proposal], user: str) -> Import:
    if not some:
        raise RejectedError("There is nothing to confirm: no proposal is open.")
    new = NewImport(kind=ImportKind.LISTINGS, target=account)
    return import_csv(intake, new, as_csv(some), user)


def as_csv(some: Iterable[Proposal]) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL)
    lines.writerow(_HEADER)
    lines.writerows(map(_line, some))
    return text.getvalue().encode()


def _line(proposal: Proposal) -> Sequence[str]:
    """Texts of the channel's that a listing cannot hold are cut or left out."""
    item = proposal.item
    product = item.product_id if len(item.product_id) <= _PRODUCT_ID else ""
    gtin = item.gtin if gtin_of(item.gtin) else ""
    return proposal.sku, item.key, gtin, product, item.title[:_TITLE]
