"""F7: what answers without a session is a short, explicit list; everything else is shut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.whole import Whole, whole_server

from headlamp.app import POLICIES

# Paths that anybody may ask, with a method, and what they answer to somebody who is nobody.
OPEN = {
    ("GET", "/healthz"): 200,
    ("GET", "/readyz"): 200,
    ("GET", "/config"): 200,
    ("GET", "/plugins"): 200,
    ("GET", "/auth"): 200,
    ("GET", "/oidc"): 302,
    ("GET", "/oidc-callback"): 400,
    ("GET", "/oidc-initiate"): 400,
    ("POST", "/oidc-initiate"): 400,
    ("GET", "/signed-out"): 200,
    ("POST", "/oidc-backchannel-logout"): 400,
    ("GET", "/api/session"): 200,
    ("DELETE", "/api/session"): 200,
    ("GET", "/api/doctor/ingress"): 404,
    ("GET", "/clusters/{cluster}/me"): 401,
    ("POST", "/clusters/{cluster}/set-token"): 400,
    ("GET", "/static/{name}"): 200,
    ("GET", "/{name}"): 200,
}


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


def _example(path: str) -> str:
    return (
        path.replace("{cluster}", "main")
        .replace("{session}", "somebodys")
        .replace("/static/{name}", "/static/pages.css")
        .replace("{name}", "c/main")
        .replace("{path}", "version")
    )


async def test_f7_every_route_is_declared_with_a_policy(whole: Whole) -> None:
    declared = {route for route, _ in whole.running.app[POLICIES]}
    assert set(whole.running.app.router.routes()) == declared


async def test_f7_what_is_not_on_the_list_answers_401_and_the_cluster_hears_nothing(whole: Whole) -> None:
    seen = set()
    async with whole.browser() as browser:
        for route in whole.running.app.router.routes():
            assert route.resource is not None
            path = route.resource.canonical
            for method in ["GET", "POST", "DELETE", "PATCH"] if route.method == "*" else [route.method]:
                answer = await browser.request(method, _example(path))
                if method == "HEAD" and ("GET", path) in OPEN:
                    assert answer.status == OPEN["GET", path], path
                elif (method, path) in OPEN:
                    seen.add((method, path))
                    assert answer.status == OPEN[method, path], (method, path, await answer.text())
                else:
                    assert answer.status == 401, (method, path)
                    assert answer.headers["X-Headlamp-Code"] == "session.none"
    assert seen == set(OPEN)
    assert whole.upstream.requests == []


async def test_an_unknown_path_of_ours_is_not_the_page(whole: Whole) -> None:
    async with whole.browser() as browser:
        assert (await browser.get("/api/nothing")).status == 404
        assert (await browser.get("/assets/nothing.js")).status == 404
        assert (await browser.get("/static/..%2f..%2fapp.py")).status == 404
        # One slip of a Headlamp frontend: it asks this without a cluster, and is content with the page.
        assert (await browser.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")).status == 200
