"""The application as it is deployed, made once per process."""

from functools import cache

from trueup.entry.settings import ApiSettings
from trueup.entry.wiring import HEAD_TRIES, wiring
from trueup_api.application import Handler, application
from trueup_api.world import World


@cache
def deployed() -> Handler:
    wired = wiring(ApiSettings)
    return application(
        World(
            registries=wired.registries,
            pages_of=wired.pages,
            ledger_of=wired.ledger,
            evidence=wired.evidence,
            imports=wired.imports,
            exports=wired.exports,
            channels=wired.channels,
            machines=wired.machines,
            clock=wired.clock,
            new_id=wired.new_id,
            head_tries=HEAD_TRIES.tries,
        )
    )
