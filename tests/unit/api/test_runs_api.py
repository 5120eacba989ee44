"""Generate that starts two runs or none, and runs that are told wrong."""

from concurrent.futures import ThreadPoolExecutor

from tests.unit.api.api_world import ApiWorld
from trueup.domain.prices import cost_of
from trueup.domain.runs import Run, Usage
from trueup.ports import Create, Replace

RUNS = "/v1/accounts/eu/runs"


def test_generate_starts_one_run_and_joins_it(api: ApiWorld) -> None:
    api.connect()
    first = api.call("POST", RUNS)
    second = api.call("POST", RUNS, headers={"Idempotency-Key": "k"})
    assert (first.status, second.status) == (202, 202)
    assert first.headers["Location"] == f"{RUNS}/{first.body['id']}"
    assert second.body == first.body == api.call("GET", first.headers["Location"]).body
    assert len(api.machines.started) == 1


def test_fifty_at_once_start_one(api: ApiWorld) -> None:
    api.connect()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: api.call("POST", RUNS), range(50)))
    runs = {reply.body.get("id") for reply in replies if reply.status == 202}
    assert {reply.status for reply in replies} <= {202, 503}
    assert len(runs) == len(api.machines.started) == 1


def test_an_account_without_links_says_what_is_missing(api: ApiWorld) -> None:
    api.call("POST", "/v1/accounts", {"id": "eu", "channel": "sandbox", "name": "E"})
    reply = api.call("POST", RUNS)
    assert reply.status == 422
    assert [fault["where"] for fault in reply.body["faults"]] == ["links"]


def test_runs_are_listed_the_newest_first(api: ApiWorld) -> None:
    api.connect()
    made = [api.compared({"1": []}).id for _ in range(5)]
    found, cursor = [], ""
    while True:
        page = api.call("GET", f"{RUNS}?limit=2{cursor}").body
        found += [run["id"] for run in page["runs"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert found == made[::-1]


def test_long_runs_fit_into_an_answer(api: ApiWorld) -> None:
    """A Lambda answers 6 MB at most, and a run is as long as the account has locations."""
    api.connect()
    run = api.compared({"1": []})
    result = run.locations[0].model_copy(update={"cause": "x" * 1000})
    for _ in range(30):
        longer = {"id": api.new_id(), "locations": (result,) * 200}
        api.registries.of("acme").write(Create(run.model_copy(update=longer)))
    cursor, found = "", 0
    while True:
        reply = api.call("GET", f"{RUNS}?limit=100{cursor}")
        assert len(reply.text) < 6_000_000
        found += len(reply.body["runs"])
        if reply.body["cursor"] is None:
            break
        cursor = f"&cursor={reply.body['cursor']}"
    assert found == 31


def test_a_run_tells_its_cost_by_list_price(api: ApiWorld) -> None:
    api.connect()
    run = api.compared({"1": []})
    registry = api.registries.of("acme")
    stored = registry.get(Run, "eu", run.id)
    assert stored is not None
    usage = Usage(write_units=2000, transitions=100, gb_seconds=10)
    registry.write(Replace(run.model_copy(update={"usage": usage}), stored.version))
    body = api.call("GET", f"{RUNS}/{run.id}").body
    assert body["cost"]["usd"] == "0.003883"
    assert cost_of(Usage()) == 0
