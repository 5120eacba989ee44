"""The steps of an import behind its check: applying it, and comparing what it stated."""

from collections.abc import Callable

from trueup.domain.imports import Import, ImportKind
from trueup.usecases.ingest.applying import apply_import
from trueup.usecases.ingest.steps import Order
from trueup.usecases.ingest.validating import require_import
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.variances.telling import tell_variances


def take_step(work: IngestWork, order: Order, hurried: Callable[[], bool]) -> Import:
    """Do what an order asks; the import as it is then. Repeating does no harm."""
    if order.step == "import":
        return apply_import(work, order.import_, hurried)
    item = require_import(work, order.import_).value
    if item.kind is ImportKind.BASELINE:
        tell_variances(work, item.target)
    return item
