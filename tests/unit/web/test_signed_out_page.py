from __future__ import annotations

import pytest

from headlamp.web.signed_out_page import signed_out_page, still_signed_in_page


def test_i1_a_provider_is_named_only_when_it_is_known_to_have_ended_its_session() -> None:
    assert "SSO has signed you out as well" in signed_out_page(provider="SSO", kept=(), base_url="")
    unknown = signed_out_page(provider=None, kept=(), base_url="")
    assert "as well" not in unknown
    assert "may still know you" in unknown


def test_those_that_were_not_asked_are_named() -> None:
    page = signed_out_page(provider="SSO", kept=("Dex", "Entra"), base_url="")
    assert "Dex, Entra" in page
    assert "Still with a session" not in signed_out_page(provider="SSO", kept=(), base_url="")


@pytest.mark.parametrize("base_url", ["", "/k8s"])
def test_both_pages_lead_to_the_start_page(base_url: str) -> None:
    assert f'href="{base_url}/">Sign in again</a>' in signed_out_page(provider=None, kept=(), base_url=base_url)
    assert f'href="{base_url}/">Go to the start page</a>' in still_signed_in_page(base_url=base_url)


def test_d9_names_are_text() -> None:
    page = signed_out_page(provider="<b>SSO", kept=('"><script>',), base_url='/"x')
    assert "<b>" not in page
    assert "<script" not in page
    assert 'href="/"x' not in page


def test_no_script_is_needed() -> None:
    assert "<script" not in signed_out_page(provider="SSO", kept=(), base_url="") + still_signed_in_page(base_url="")
