"""For a shop that is busy, gone, changed meanwhile, or refuses: what the caller is told."""

from typing import Any

import httpx
import pytest

from tests.unit.channels.fake_shop import PASSWORD, FakeShop, refusal


@pytest.fixture
def shop() -> FakeShop:
    return FakeShop({str(n): (f"S{n:03d}", {"1": n, "2": 2 * n}) for n in range(1, 121)})


def _row(number: int, expected: int | None, quantity: int = 500, **more: Any) -> dict[str, Any]:
    row = {"key": f"S{number:03d}", "location": "1", "quantity": quantity, "expected": expected}
    return {**row, "idempotency_key": f"k{number}", **more}


def _keys(answer: dict[str, Any]) -> list[str]:
    return [row[0] for row in answer["rows"] if row[1] == "1"]


def test_an_expired_sign_in_is_renewed_and_kept(shop: FakeShop) -> None:
    assert shop.ask("fetch")["outcome"] == "done"
    assert shop.ask("fetch")["outcome"] == "done"
    shop.valid = "expired"
    assert shop.ask("fetch")["outcome"] == "done"
    assert shop.logins == 2


def test_a_missing_permission_is_said_and_not_asked_for_again_and_again(shop: FakeShop) -> None:
    shop.hook = lambda query: refusal("no", "FORBIDDEN") if "stockLoc" in query else None
    answer = shop.ask("fetch")
    assert answer["outcome"] == "failed"
    assert "permission" in answer["reason"]
    assert shop.logins == 1


def test_wrong_credentials_are_said_without_showing_them(shop: FakeShop) -> None:
    shop.secrets.text = '{"username": "u", "password": "wrong one"}'
    answer = shop.ask("describe")
    assert answer["outcome"] == "failed"
    assert "username and password" in answer["reason"]
    assert "wrong one" not in str(answer)


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"retry-after": "7"}, 7), ({}, 15), ({"retry-after": "soon"}, 15)]
)
def test_a_busy_shop_keeps_what_was_read(
    shop: FakeShop, headers: dict[str, str], seconds: int
) -> None:
    busy = httpx.Response(429, headers=headers)
    shop.hook = lambda query: busy if "productVar" in query and len(shop.asked) > 3 else None
    answer = shop.ask("fetch")
    assert (answer["outcome"], answer["retry_after_seconds"]) == ("throttled", seconds)
    shop.hook = lambda _query: None
    rest = shop.ask("fetch", cursor=answer["cursor"])
    assert rest["first"] == answer["span"] == len(answer["rows"]) > 0
    assert _keys(answer) + _keys(rest) == [f"S{n:03d}" for n in range(1, 121)]


def test_a_shop_that_is_busy_from_the_start_has_no_cursor_yet(shop: FakeShop) -> None:
    shop.hook = lambda _query: httpx.Response(503)
    answer = shop.ask("fetch")
    assert (answer["outcome"], answer["cursor"], answer["span"]) == ("throttled", None, 0)


@pytest.mark.parametrize(
    ("response", "part"),
    [
        (httpx.Response(302, headers={"location": "http://10.0.0.1/"}), "redirects"),
        (httpx.Response(404, text="<html>"), "HTTP 404"),
        (httpx.Response(200, text="<html>"), "does not answer as"),
        (httpx.Response(200, json={"data": {"other": 1}}), "does not answer as"),
    ],
)
def test_what_is_not_vendure_is_said(shop: FakeShop, response: httpx.Response, part: str) -> None:
    shop.hook = lambda query: response if "login" not in query else None
    answer = shop.ask("fetch")
    assert answer["outcome"] == "failed"
    assert part in answer["reason"]


@pytest.mark.parametrize("change", ["made", "deleted"])
def test_a_list_that_shifts_is_read_from_the_start(shop: FakeShop, change: str) -> None:
    part = shop.ask("fetch", budget={"milliseconds": 60_000, "rows": 80})
    if change == "made":
        shop.variants["999"] = ("A000", {"1": 1})
    else:
        del shop.variants["5"]
    again = shop.ask("fetch", cursor=part["cursor"])
    assert again["first"] == 0
    assert len(set(_keys(again))) == len(shop.variants)
    assert again["span"] == again["total"] == 2 * len(shop.variants)


def test_skus_that_repeat_are_told_apart_across_windows(shop: FakeShop) -> None:
    shop.variants |= {"901": ("S050", {"1": 1}), "902": ("", {"1": 1}), "903": ("s\x07", {"1": 1})}
    cursor, keys = None, []
    while True:
        budget = {"milliseconds": 60_000, "rows": 98}
        answer = shop.ask("fetch", budget=budget, cursor=cursor)
        keys += _keys(answer)
        cursor = answer["cursor"]
        if answer["outcome"] == "done":
            break
    assert len(keys) == len(set(keys)) == 123
    odd = {key for key in keys if "variant" in key}
    twins = {"S050 (variant 50)", "S050 (variant 901)"}
    assert odd == twins | {"(variant 902)", "(variant 903)"}
    found = shop.ask("fetch", keys=[*odd, "S050"])
    assert set(_keys(found)) == odd


def test_one_refused_variant_does_not_spoil_its_batch(shop: FakeShop) -> None:
    shop.poison = {"7"}
    rows = [_row(n, n) for n in range(1, 61)]
    answer = shop.ask("push", rows=rows)
    outcomes = {n: r["outcome"] for n, r in enumerate(answer["results"], start=1)}
    assert [n for n, outcome in outcomes.items() if outcome != "applied"] == [7]
    refused = answer["results"][6]
    assert refused["reason"].startswith("Bad variant")
    assert PASSWORD not in str(answer)
    assert shop.variants["7"][1]["1"] == 7
    assert all(shop.variants[str(n)][1]["1"] == 500 for n in range(1, 61) if n != 7)


def test_what_cannot_be_set_is_rejected_row_by_row(shop: FakeShop) -> None:
    shop.variants |= {"901": ("S001", {"1": 1}), "902": ("UNTRACKED", {"1": 1})}
    rows = [
        _row(1, 1),
        _row(2, 2, location="9"),
        _row(3, 3, product_id="4"),
        _row(4, 4),
        _row(4, 4),
        _row(5, 5, key="UNTRACKED"),
        _row(6, 7),
        _row(8, 8, quantity=8),
    ]
    answer = shop.ask("push", rows=rows)
    outcomes = [result["outcome"] for result in answer["results"]]
    assert outcomes == [*["rejected"] * 3, "applied", *["rejected"] * 2, "stale", "applied"]
    held = [levels["1"] for _, levels in shop.variants.values()]
    assert held[:8] == [1, 2, 3, 500, 5, 6, 7, 8]


@pytest.mark.parametrize("took_effect", [True, False])
def test_a_lost_answer_is_read_back(shop: FakeShop, *, took_effect: bool) -> None:
    def lose(query: str) -> httpx.Response | None:
        if "updateProductVariants" not in query:
            return None
        if took_effect:
            shop.variants["1"][1]["1"] = 500
        raise httpx.ReadTimeout("slow")

    shop.hook = lose
    answer = shop.ask("push", rows=[_row(1, 1), *[_row(n, n) for n in range(50, 110)]])
    assert answer["outcome"] == "throttled"
    assert answer["results"][0]["outcome"] == ("applied" if took_effect else "unknown")
    assert answer["results"][-1]["outcome"] == "not_sent"


def test_calls_that_run_out_leave_rows_unsent(shop: FakeShop) -> None:
    budget = {"milliseconds": 60_000, "calls": 1}
    answer = shop.ask("push", rows=[_row(n, n) for n in range(1, 121)], budget=budget)
    outcomes = [result["outcome"] for result in answer["results"]]
    assert outcomes == ["applied"] * 50 + ["not_sent"] * 70
    assert answer["calls"] == 5


@pytest.mark.parametrize(
    "secret", ["trueup/other/vendure/x", "trueup/acme/other", "x", "trueup/acmeXvendure/x"]
)
def test_another_sellers_secret_is_refused(secret: str) -> None:
    shop = FakeShop({})
    account = {"seller": "acme", "account": "a", "config": {"url": "https://x.org"}}
    answer = shop.ask("describe", account={**account, "secret": secret})
    assert answer["outcome"] == "failed"
    assert not shop.asked
