"""The demo proves itself: what it prints is what was built into its data. Finds a broken whole."""

import json
import re
import stat
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from local import demo
from local.demo import catalogue, people
from local.demo.api import Api
from local.demo.events import EVENTS
from local.demo.offers import Shop, publishable, shown
from local.demo.onboarding import Onboarding
from local.demo.reasons import differing
from local.demo.shops import CAUSES, EXPECTED, SANDBOX, SHOPS, VENDURE, Counts, Why
from local.embedded import Embedded, deployed
from local.vendure.packages import NoNodeError

_PICKED = (catalogue.counted("north")["TRU-0220"].on_hand, 5)
"""On hand and committed of TRU-0220 after its order came, before it was shipped."""

_LEFT = {cause: why for cause, why in CAUSES.items() if cause[0] != VENDURE.account}
"""What is still wrong once the Vendure shop was set right."""


def test_the_counts_follow_from_the_errors_that_were_made() -> None:
    derived = {}
    for shop in SHOPS:
        for place in shop.places:
            errors = place.errors.values()
            keys = {offer.channel_key for offer, _ in shown(shop, place)}
            assert keys >= set(place.errors)
            assert not keys & set(place.strangers)
            unknown = [o for o in shop.offers if publishable(o, place, shop.buffer) is None]
            rows = len(shop.offers) + len(place.strangers)
            uncompared = len(unknown) + len(place.missing) + len(place.strangers)
            settling = sum(
                why.outcome == "explained"
                for (account, name, _), why in CAUSES.items()
                if (account, name) == (shop.account, place.name)
            )
            derived[shop.account, place.name] = Counts(
                rows=rows,
                matching=rows - uncompared - len(errors),
                differing=len(errors) - settling,
                settling=settling,
                over=sum(units for units in errors if units > 0),
                under=-sum(units for units in errors if units < 0),
            )
    assert derived == EXPECTED


def test_each_cause_is_of_an_error_that_was_made() -> None:
    made = {(shop.account, *row) for shop in SHOPS for row in _made(shop)}
    assert set(CAUSES) < made
    assert len({why.cause for why in CAUSES.values()}) == 6


def test_what_moved_is_known_without_the_ledger() -> None:
    article = catalogue.articles()[244]
    assert catalogue.counted("north")[article.sku].sellable - 2 == 46  # what count-1 counted
    assert catalogue.sellable("north", article.sku) == 46
    moved = [event for events in EVENTS.values() for event in events if event.sku == "TRU-0230"]
    assert sum(event.sellable for event in moved) == 0
    assert len({event.id for events in EVENTS.values() for event in events}) == 18


def test_the_catalogue_has_what_trips_importers_up() -> None:
    skus = [article.sku for article in catalogue.articles()]
    assert len(skus) == len(set(skus)) >= 500
    assert sum(sku.startswith("0") for sku in skus) >= 40
    assert any("," in sku and '"' in sku and not sku.isascii() for sku in skus)
    assert all(_is_ean(article.gtin) for article in catalogue.articles())


def _is_ean(gtin: str) -> bool:
    weighted = (int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(gtin))
    return len(gtin) == 13 and sum(weighted) % 10 == 0


def test_a_login_is_made_once_and_is_private(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    first = people._kept(file)
    assert people._kept(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert people._kept(tmp_path / "other.json").password != first.password


def test_without_node_the_demo_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise NoNodeError("Node 20 or newer is needed")

    monkeypatch.setattr("local.demo.show.find_node", missing)
    monkeypatch.setattr("local.demo.show.Demo.__init__", lambda *_: None)
    assert demo.run(None, once=True) == 1  # type: ignore[arg-type]
    assert "Node 20 or newer is needed" in capsys.readouterr().err


@pytest.mark.stack
@pytest.mark.vendure
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_finds_exactly_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    with deployed(state) as trueup:
        _interrupt(trueup, monkeypatch)
        capsys.readouterr()
        assert demo.run(trueup, once=True) == 0
        first = capsys.readouterr().out
        assert _figures(first) == EXPECTED
        assert _log(first) == _set_right()
        assert "9 of these 9 rows are Success in the view; 0 rows of vendure-eu" in first
        (exported,) = tmp_path.glob("demo/trueup-rows-vendure-eu*.xlsx")
        assert len(list(load_workbook(exported).worksheets[0].values)) > 442
        assert first.count("started by the schedule") == len(SHOPS)
        rows, incidents, began, audit, position, run = _paste(first)
        assert len(rows["rows"]) == 5
        assert len(incidents["incidents"]) == 3
        assert [found["row"]["delta"] for found in began["divergences"]] == [-30]
        assert audit["sound"] is True
        assert (position["on_hand"], position["committed"]) == _PICKED
        assert _errors(rows["rows"]).items() <= _made(SANDBOX).items()
        assert run["account"] == "vendure-eu"
        with _api(trueup, tmp_path) as api:
            for shop in SHOPS:
                wrong = {} if shop is VENDURE else _made(shop)
                assert _errors(list(differing(api, shop.account))) == wrong
            assert _causes(api) == _LEFT
            imports = api.get("/v1/imports")["imports"]
        assert len({(item["kind"], item["target"]) for item in imports}) == len(imports) == 6
    # The run that was pasted last went down with the stack.
    with deployed(state) as trueup:
        assert demo.run(trueup, once=True) == 0
        second = capsys.readouterr().out
        assert _figures(second) == _after()
        assert second.count("imported before") == len(imports)
        assert re.search(r"wms: 16 duplicates$", second, re.MULTILINE)
        with _api(trueup, tmp_path) as api:
            assert api.get("/v1/imports")["imports"] == imports
            assert _causes(api) == _LEFT


def _after() -> Mapping[tuple[str, str], Counts]:
    """The table once the Vendure shop was set right."""
    return {
        place: replace(
            found, matching=found.matching + found.differing, differing=0, over=0, under=0
        )
        if place[0] == VENDURE.account
        else found
        for place, found in EXPECTED.items()
    }


def _set_right() -> Mapping[tuple[str, str], tuple[str, int, bool]]:
    """Status, units more than before, and whether it was read back, by place and item."""
    made = _made(VENDURE).items()
    return {(place, key): ("Success", -units, True) for (place, key), units in made}


def _log(text: str) -> Mapping[tuple[str, str], tuple[str, int, bool]]:
    """The push log as it was printed."""
    lines = [
        line.strip()
        for line in text.partition("The push log:")[2].partition("rows are")[0].splitlines()
    ]
    found = {}
    for line in lines[3:]:
        cells = re.split(r" {2,}", line)
        if len(cells) == 6:
            showed, set_to, after = map(int, cells[3:])
            found[cells[0], cells[1]] = (cells[2], set_to - showed, after == set_to)
    return found


def _interrupt(trueup: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between an account and its listings."""
    whole = Onboarding.import_file

    def interrupted(self: Onboarding, kind: str, target: str) -> None:
        if (kind, target) == ("listings", "file"):
            raise KeyboardInterrupt
        whole(self, kind, target)

    with monkeypatch.context() as patch:
        patch.setattr(Onboarding, "import_file", interrupted)
        assert demo.run(trueup, once=True) == 130


def _figures(text: str) -> Mapping[tuple[str, str], Counts]:
    """The table as it was printed."""
    lines = text.splitlines()
    rule = next(n for n, line in enumerate(lines) if re.fullmatch(r"(-+ *)+", line))
    spans = [match.span() for match in re.finditer(r"-+", lines[rule])]
    found, account = {}, ""
    for line in lines[rule + 1 :]:
        if not line:
            break
        cells = [line[start:end].strip() for start, end in spans]
        account = cells[0] or account
        figures = [int(cell.replace(",", "")) for cell in cells[3:9]]
        found[account, cells[1]] = Counts(*figures)
    return found


def _paste(text: str) -> tuple[Any, ...]:
    """What the lines print that are there to be pasted into a shell."""
    lines = [line for line in text.splitlines() if line.startswith(("TOKEN=", "curl "))]
    script = "\necho\n".join(lines)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)  # noqa: S607
    return tuple(json.loads(line) for line in done.stdout.splitlines() if line)


def _made(shop: Shop) -> Mapping[tuple[str, str], int]:
    """Units too many (+) or too few (-) by place and channel key."""
    return {(place.name, key): n for place in shop.places for key, n in place.errors.items()}


def _errors(rows: Sequence[Any]) -> Mapping[tuple[str, str], int]:
    return {
        (row["channel_inventory"]["location_name"], row["channel_identifier"]): -row["gap"]
        for row in rows
    }


def _causes(api: Api) -> Mapping[tuple[str, str, str], Why]:
    """What was found out about the rows that something was done to, and the causes add up."""
    found = {}
    for shop in SHOPS:
        for row in differing(api, shop.account):
            assert sum(c["units"] for c in row["causes"]) + row["unexplained"] == row["delta"]
            place = row["channel_inventory"]["location_name"]
            key = (shop.account, place, row["channel_identifier"])
            if key in CAUSES:
                found[key] = Why(row["cause"], row["outcome"])
    return found


def _api(trueup: Embedded, folder: Path) -> closing[Api]:
    login = people.ensure_login(trueup, folder / "demo.json")
    return closing(Api(trueup.api_url, lambda: people.access_token(trueup, login)))
