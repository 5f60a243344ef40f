"""Problems of the relying party: codes, and other people's words."""

from __future__ import annotations

import inspect

from hypothesis import given
from hypothesis import strategies as st

from headlamp.oidc import errors
from headlamp.oidc.errors import OidcProblem, ProviderRefused, ProviderUnavailable, quoted


def all_problems() -> list[type[OidcProblem]]:
    return [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, OidcProblem)]


def test_every_cause_has_its_own_code_in_this_room() -> None:
    codes = [c.code for c in all_problems()]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("oidc.") for code in codes)


def test_every_cause_has_a_title_and_a_remedy_of_its_own_words() -> None:
    assert all(c.title and c.remedy.endswith((".", "!")) for c in all_problems())


@given(st.text(max_size=2000))
def test_quoted_text_is_short_printable_and_without_tags(text: str) -> None:
    shown = quoted(text)
    assert len(shown) <= 200
    assert shown == "" or shown.isprintable()
    assert not set(shown) & set('<>"`')


def test_an_unknown_error_code_of_a_provider_is_not_repeated() -> None:
    assert ProviderRefused("<script>").error == "unknown"
    assert ProviderRefused("invalid_scope").error == "invalid_scope"


def test_what_may_pass_says_when_to_try_again() -> None:
    assert ProviderUnavailable().retry_after == 10.0
