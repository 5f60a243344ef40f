"""Single values: what is read, what is refused, and what the refusal shows."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.settings import Settings, kinds
from headlamp.settings.declaring import declarations
from headlamp.settings.words import quoted


@pytest.mark.parametrize(
    ("text", "path"),
    [("", ""), ("/", ""), ("x", "/x"), ("/x/", "/x"), ("/team-a/headlamp", "/team-a/headlamp"), ("//x//", "/x")],
)
def test_a_base_url_has_a_leading_slash_and_none_at_the_end(text: str, path: str) -> None:
    assert kinds.BASE_URL.read(text) == path


@pytest.mark.parametrize(
    "text", ["https://h/x", "/a b", "/a?b", "/a#b", "/../x", "/a/./b", "/a//b", '/"x', "/a%2fb", "/a\n"]
)
def test_a_base_url_that_is_no_plain_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a path"):
        kinds.BASE_URL.read(text)


@pytest.mark.parametrize("text", ["https://idp.example", "https://idp.example:8443/realms/a/", "http://[::1]:80/x", ""])
def test_a_url_is_kept_as_it_is_written(text: str) -> None:
    assert kinds.URL.read(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "idp.example",
        "ftp://idp.example",
        "https://",
        "https:///x",
        "https://a b",
        "https://idp.example:99999",
        "https://idp.example:0",
        "https://idp.example/?a=b",
        "https://idp.example/#a",
        "https://idp.example\\@evil.example",
        "https://idp.example/\n",
        "https://[::1",
    ],
)
def test_what_is_not_an_absolute_plain_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a URL"):
        kinds.URL.read(text)


def test_a_url_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="without a user name") as caught:
        kinds.URL.read("https://me:s3cret@idp.example")
    assert "s3cret" not in str(caught.value)


def test_scopes_lose_openid_and_duplicates_and_keep_their_order() -> None:
    assert kinds.SCOPES.read("profile, email openid,groups email") == ("profile", "email", "groups")


def test_a_scope_with_impossible_characters_is_refused() -> None:
    with pytest.raises(ValueError, match="scope"):
        kinds.SCOPES.read('a"b')


@pytest.mark.parametrize(("text", "seconds"), [("1", 1), ("86400", 86400), ("8h", 28800), ("1h30m", 5400), ("90s", 90)])
def test_durations_are_seconds_or_hours_minutes_and_seconds(text: str, seconds: int) -> None:
    assert kinds.SECONDS.read(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "8 h", "1d", "h", "9999999999", "²", "8760h1s"])
def test_what_is_not_a_duration_of_up_to_a_year_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number of seconds"):
        kinds.SECONDS.read(text)


@pytest.mark.parametrize("text", ["-1", "65536", "80.0", "http", "", "٨٠", "1" * 5000])
def test_a_port_outside_of_the_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="from 0 to 65535"):
        kinds.PORT.read(text)


@pytest.mark.parametrize("name", ["HS256", "none", "RS1"])
def test_only_asymmetric_signing_algorithms_are_allowed(name: str) -> None:
    with pytest.raises(ValueError, match="the algorithms are"):
        kinds.ALGORITHMS.read(f"RS256,{name}")


def test_networks_are_addresses_or_prefixes() -> None:
    assert kinds.NETWORKS.read("10.0.0.0/8, ::1") == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    with pytest.raises(ValueError, match="networks"):
        kinds.NETWORKS.read("10.0.0.1/8")


def test_allowed_hosts_are_names_or_all_names_below_one() -> None:
    assert kinds.HOSTS.read("Headlamp.Example., *.a.example, [::1]") == ("headlamp.example", "*.a.example", "::1")
    for text in ("https://x", "x:80", "*", "*.", "a.*.example", "a/b"):
        with pytest.raises(ValueError, match="takes names"):
            kinds.HOSTS.read(text)


def test_contexts_may_have_spaces_in_their_names() -> None:
    assert kinds.NAMES.read("my cluster, other,") == ("my cluster", "other")


def test_jmespath_expressions_are_split_outside_of_brackets_and_quotes_only() -> None:
    assert kinds.EXPRESSIONS.read("name, join(',', roles),\"a,b\"") == ("name", "join(',', roles)", '"a,b"')


@pytest.mark.parametrize("text", ["memory", "sqlite", "sqlite:///var/lib/headlamp/sessions.db"])
def test_session_stores_that_there_are(text: str) -> None:
    assert kinds.STORE.read(text) == text


@pytest.mark.parametrize("text", ["", "file", "sqlite://", "sqlite:///", "sqlite://x", "mysql://h"])
def test_session_stores_that_there_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="must be memory, sqlite"):
        kinds.STORE.read(text)


def test_the_sessions_file_is_in_the_state_directory_unless_named() -> None:
    assert Settings(session_store="memory").session_database is None
    assert Settings(state_dir=Path("/s")).session_database == Path("/s/sessions.sqlite3")
    assert Settings(session_store="sqlite:///var/x.db").session_database == Path("/var/x.db")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_loopback_addresses_are_recognised(address: str) -> None:
    assert Settings(listen_addr=kinds.LISTEN_ADDR.read(address)).loopback_only


@pytest.mark.parametrize(
    "address", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.example", "127.0.0.1.example", "a.localhost"]
)
def test_other_addresses_are_not_taken_for_loopback(address: str) -> None:
    assert not Settings(listen_addr=kinds.LISTEN_ADDR.read(address)).loopback_only


@given(st.text(max_size=40))
def test_no_text_makes_a_reader_fail_with_anything_but_a_sentence(text: str) -> None:
    for row in declarations(Settings):
        try:
            row.kind.read(text)
        except ValueError as error:
            assert "\n" not in str(error)  # noqa: PT017  (most texts are read without an error)


@given(st.text(max_size=200))
def test_a_quoted_value_stays_short_and_on_one_line(text: str) -> None:
    shown = quoted(text)
    assert shown.isascii()
    assert shown.isprintable()
