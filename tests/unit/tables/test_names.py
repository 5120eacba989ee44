"""Finds: names of files by which somebody reaches a path, a header or another file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.tables.names import NAME_LIMIT, file_name


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (["Acme", "inventory rows", "2026-01-01"], "Acme-inventory-rows-2026-01-01.xlsx"),
        (["../../etc/passwd"], "etc-passwd.xlsx"),
        (['a"; filename="x.exe', "\r\nSet-Cookie: a"], "a-filename-x.exe-Set-Cookie-a.xlsx"),
        (["Café Übergröße"], "Cafe-Ubergroe.xlsx"),
        (["日本", ""], "export.xlsx"),
        ([".hidden"], "hidden.xlsx"),
        (["a\u202excod.exe"], "axcod.exe.xlsx"),
        ([], "export.xlsx"),
    ],
)
def test_names_are_plain(parts: list[str], name: str) -> None:
    assert file_name(parts, "xlsx") == name


@given(st.lists(st.text(), max_size=5))
def test_no_part_steers_a_name(parts: list[str]) -> None:
    name = file_name(parts, "csv")
    assert len(name) <= NAME_LIMIT
    assert name.endswith(".csv")
    assert name.isascii()
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert name[0] not in ".-"
    assert ".." not in name
