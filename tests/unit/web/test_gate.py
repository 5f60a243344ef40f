"""The gate in front of a small application that has one route of each policy."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from headlamp.oidc.tokens import SignIn, Tokens
from headlamp.problems import Problem
from headlamp.sessions.cookie import SessionCookie
from headlamp.sessions.manager import Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.sealing import Sealer
from headlamp.web.gate import ORIGIN, SESSION, STYLE_NONCE, Gate
from headlamp.web.origin import Origins
from headlamp.web.policy import Policy, RoutePolicies

Client = TestClient[web.Request, web.Application]
MakeClient = Callable[..., Awaitable[Client]]

PATHS = {
    "/page": Policy.PUBLIC_PAGE,
    "/config": Policy.PUBLIC_API,
    "/api/mine": Policy.SESSION_API,
    "/clusters/c/api/v1/pods": Policy.CLUSTER,
    "/oidc-callback": Policy.CALLBACK,
    "/backchannel": Policy.BACKCHANNEL,
    "/healthz": Policy.PROBE,
}
APIS = ["/config", "/api/mine", "/clusters/c/api/v1/pods"]
PAGES = ["/page", "/oidc-callback"]


@web.middleware
async def tell_problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What `web.problems` does, for a test."""
    try:
        return await handler(request)
    except Problem as problem:
        return web.json_response({"code": problem.code}, status=problem.status)


class Site:
    """The application under test: it counts what reaches a handler, and has one session."""

    def __init__(self, **options: Any) -> None:
        self.reached: list[str] = []
        self.sessions = Sessions(MemoryStore(), Sealer(b"s" * 32), {}, ttl=3600, idle=3600)
        self.policies = RoutePolicies()
        self.app = web.Application(middlewares=[tell_problems])
        origins = Origins(
            public_url=options.pop("public_url", ""),
            trusted_proxies=options.pop("trusted_proxies", ()),
            allowed_hosts=("allowed.test",),
        )
        cookie = SessionCookie(insecure=True)
        Gate(sessions=self.sessions, cookie=cookie, origins=origins, policies=self.policies, **options).install(
            self.app
        )
        for path, policy in PATHS.items():
            self.policies.add(self.app, "*", path, self.answer, policy)
        self.policies.add(self.app, "GET", "/html", self.html, Policy.PUBLIC_PAGE)
        self.policies.add(self.app, "GET", "/stream", self.stream, Policy.CLUSTER)
        self.policies.add(self.app, "GET", "/live", self.live, Policy.SESSION_API)
        self.app.router.add_get("/forgotten", self.answer)

    async def answer(self, request: web.Request) -> web.Response:
        self.reached.append(request.path)
        session = request.get(SESSION)
        told = {"signed_in": session is not None, "origin": str(request.get(ORIGIN))}
        return web.json_response(told, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public"})

    async def html(self, request: web.Request) -> web.Response:
        return web.Response(text=f"<style nonce={request[STYLE_NONCE]}>", content_type="text/html")

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html", "access-control-allow-origin": "*"})
        await response.prepare(request)
        await response.write(b"<script>alert(1)</script>")
        return response

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        self.reached.append(request.path)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    async def sign_in(self) -> str:
        tokens = Tokens("id", "access", None, 9e9)
        sign_in = SignIn("default", "https://idp.test", "alice", None, {"sub": "alice"}, {}, tokens)
        cookie, _ = await self.sessions.create(sign_in)
        return cookie


@pytest.fixture
async def site() -> Site:
    return Site()


@pytest.fixture
async def client(site: Site, aiohttp_client: MakeClient) -> Client:
    return await aiohttp_client(site.app)


def origin_of(client: Client) -> str:
    return f"http://127.0.0.1:{client.port}"


async def signed_in(site: Site, client: Client) -> dict[str, str]:
    return {"Cookie": f"headlamp-{client.port}={await site.sign_in()}"}


async def code_of(response: ClientResponse) -> str:
    return str((await response.json()).get("code"))


async def status_of(client: Client, head: bytes) -> int:
    """The status for a request head that no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(head + b"Connection: close\r\n\r\n")
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


# Who gets in


@pytest.mark.parametrize("path", PATHS)
async def test_f7_without_a_session_only_public_routes_answer(site: Site, client: Client, path: str) -> None:
    response = await client.get(path)
    shut = PATHS[path] in (Policy.SESSION_API, Policy.CLUSTER)
    assert response.status == (401 if shut else 200)
    assert site.reached == ([] if shut else [path])


@pytest.mark.parametrize("path", PATHS)
async def test_with_a_session_every_route_answers(site: Site, client: Client, path: str) -> None:
    response = await client.get(path, headers=await signed_in(site, client))
    assert response.status == 200
    blind = PATHS[path] in (Policy.BACKCHANNEL, Policy.PROBE)
    assert (await response.json())["signed_in"] is not blind


@pytest.mark.parametrize("user_agent", ["kube-probe/1.37", "Go-http-client/1.1", "GoogleHC/1.0", ""])
async def test_f5b_no_user_agent_gets_in_without_a_session(site: Site, client: Client, user_agent: str) -> None:
    for path in ("/api/mine", "/clusters/c/api/v1/pods", "/live"):
        assert (await client.get(path, headers={"User-Agent": user_agent})).status in (401, 403)
    assert site.reached == []


@pytest.mark.parametrize(
    "target",
    ["/healthz/", "/healthz/x", "//healthz", "/healthz%2f", "/Healthz", "/./healthz", "/x/../healthz", "/healthz;a"],
)
async def test_f5b_probe_paths_are_exact(site: Site, client: Client, target: str) -> None:
    await status_of(client, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n".encode())
    assert site.reached == []


async def test_e4_authorization_of_the_browser_does_not_sign_anybody_in(site: Site, client: Client) -> None:
    assert (await client.get("/api/mine", headers={"Authorization": "Bearer x"})).status == 401
    assert (await client.get("/clusters/c/api/v1/pods", headers={"Authorization": "Bearer x"})).status == 401
    assert site.reached == []


async def test_in_the_laptop_case_clusters_answer_whoever_is_at_the_machine(aiohttp_client: MakeClient) -> None:
    client = await aiohttp_client(Site(local_user=True).app)
    assert (await client.get("/clusters/c/api/v1/pods")).status == 200
    assert (await client.get("/api/mine")).status == 401


async def test_c3_a_route_that_nobody_declared_is_shut(site: Site, client: Client) -> None:
    response = await client.get("/forgotten", headers=await signed_in(site, client))
    assert (response.status, await code_of(response)) == (500, "gate.no_policy")
    assert site.reached == []


async def test_f7_unknown_addresses_stay_unknown(client: Client) -> None:
    assert (await client.get("/nowhere")).status == 404
    assert (await client.post("/html")).status == 405


async def test_f7_the_table_names_every_route_but_the_forgotten_one(site: Site) -> None:
    declared = {route for route, _ in site.policies}
    left_out = {
        route.resource.canonical for route in site.app.router.routes() if route not in declared and route.resource
    }
    assert left_out == {"/forgotten"}


# Cookies


async def test_b4_several_session_cookies_are_none(site: Site, client: Client) -> None:
    headers = await signed_in(site, client)
    doubled = {"Cookie": f"{headers['Cookie']}; headlamp-{client.port}=tossed"}
    assert (await client.get("/api/mine", headers=doubled)).status == 401


async def test_b4_a_cookie_of_another_name_is_none(site: Site, client: Client) -> None:
    value = await site.sign_in()
    for name in ("headlamp", "__Host-headlamp", f"headlamp-{(client.port or 0) + 1}"):
        assert (await client.get("/api/mine", headers={"Cookie": f"{name}={value}"})).status == 401


async def test_b5_over_plain_http_on_another_host_there_is_no_session(aiohttp_client: MakeClient) -> None:
    site = Site()
    policies, app = RoutePolicies(), web.Application(middlewares=[tell_problems])
    origins = Origins(allowed_hosts=("allowed.test",))
    Gate(sessions=site.sessions, cookie=SessionCookie(), origins=origins, policies=policies).install(app)
    policies.add(app, "GET", "/api/mine", site.answer, Policy.SESSION_API)
    client = await aiohttp_client(app)
    value = await site.sign_in()
    there = {"Host": "allowed.test:81", "Cookie": f"headlamp-81={value}"}
    assert (await client.get("/api/mine", headers=there)).status == 401
    here = {"Host": "localhost:81", "Cookie": f"headlamp-81={value}"}
    assert (await client.get("/api/mine", headers=here)).status == 200


async def test_b6_after_sign_out_the_cookie_opens_nothing(site: Site, client: Client) -> None:
    headers = await signed_in(site, client)
    await site.sessions.end_matching("https://idp.test", subject="alice")
    assert (await client.get("/api/mine", headers=headers)).status == 401


# Other sites


@pytest.mark.parametrize("path", APIS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-HTTP-Method": "DELETE"},
        {"X-Method-Override": "GET"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "text/plain;charset=UTF-8"},
        {"Content-Type": "TEXT/PLAIN"},
    ],
    ids=str,
)
async def test_b1_changing_requests_that_another_site_could_make_are_refused(
    site: Site, client: Client, path: str, method: str, headers: dict[str, str]
) -> None:
    response = await client.request(method, path, headers=await signed_in(site, client) | headers, data=b"x")
    assert response.status == 403
    assert site.reached == []


@pytest.mark.parametrize("path", APIS)
async def test_b1_changing_requests_of_our_own_page_and_of_plain_clients_pass(
    site: Site, client: Client, path: str
) -> None:
    json = {"Content-Type": "application/json"}
    for headers in ({"Origin": origin_of(client), "Sec-Fetch-Site": "same-origin"}, {}):
        response = await client.post(path, headers=await signed_in(site, client) | json | headers, data=b"{}")
        assert response.status == 200


@pytest.mark.parametrize("path", PAGES)
async def test_b1_pages_take_no_form_of_another_site(client: Client, path: str) -> None:
    assert (await client.post(path, headers={"Origin": "https://evil.test"})).status == 403
    assert (await client.post(path, headers={"Origin": origin_of(client)}, data={"a": "b"})).status == 403


@pytest.mark.parametrize("path", APIS)
@pytest.mark.parametrize("value", ["cross-site", "same-site", "CROSS-SITE", "unheard-of", ""])
async def test_b2_reading_an_api_from_another_site_is_refused(
    site: Site, client: Client, path: str, value: str
) -> None:
    headers = await signed_in(site, client) | {"Sec-Fetch-Site": value, "Sec-Fetch-Mode": "navigate"}
    assert (await client.get(path, headers=headers)).status == 403
    assert site.reached == []


@pytest.mark.parametrize("path", APIS)
@pytest.mark.parametrize("value", ["same-origin", "none", None])
async def test_b2_reading_an_api_from_our_own_page_or_a_plain_client_passes(
    site: Site, client: Client, path: str, value: str | None
) -> None:
    headers = await signed_in(site, client) | ({"Sec-Fetch-Site": value} if value else {})
    assert (await client.get(path, headers=headers)).status == 200


async def test_b2_an_api_does_not_answer_a_foreign_origin_without_fetch_metadata_either(
    site: Site, client: Client
) -> None:
    headers = await signed_in(site, client) | {"Origin": "https://evil.test"}
    assert (await client.get("/config", headers=headers)).status == 403


async def test_b3_a_sibling_of_the_same_site_is_another_origin(aiohttp_client: MakeClient) -> None:
    site = Site(public_url="https://app.example.com")
    client = await aiohttp_client(site.app)
    ours = {"Host": "app.example.com", "Cookie": f"__Host-headlamp={await site.sign_in()}"}
    sibling = ours | {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "same-site"}
    assert (await client.delete("/api/mine", headers=sibling)).status == 403
    assert (await client.delete("/api/mine", headers=ours | {"Origin": "https://evil.example.com"})).status == 403
    assert (await client.delete("/api/mine", headers=ours | {"Origin": "https://app.example.com"})).status == 200


@pytest.mark.parametrize("path", PAGES)
async def test_pages_and_the_callback_may_be_navigated_to_from_anywhere(client: Client, path: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await client.get(path, headers=headers)).status == 200


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("mode", "dest"),
    [("no-cors", "image"), ("cors", "empty"), ("no-cors", "script"), ("navigate", "iframe"), ("navigate", "object")],
)
async def test_b8_no_other_site_makes_a_page_do_something_by_an_image_or_a_frame(
    site: Site, client: Client, path: str, mode: str, dest: str
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    assert (await client.get(path, headers=headers)).status == 403
    assert site.reached == []


async def test_i6_the_back_channel_takes_a_form_without_cookie_or_origin(site: Site, client: Client) -> None:
    response = await client.post("/backchannel", data={"logout_token": "x"}, headers=await signed_in(site, client))
    assert (response.status, (await response.json())["signed_in"]) == (200, False)


# WebSockets


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test",
        "null",
        "",
        "http://127.0.0.1:1",
        "http://[::1]:{port}",
        "http://localhost:{port}",
        "http://a.127.0.0.1:{port}",
        "file://",
        None,
    ],
)
async def test_c1_upgrades_of_another_or_no_origin_are_refused(site: Site, client: Client, origin: str | None) -> None:
    headers = await signed_in(site, client)
    if origin is not None:
        headers["Origin"] = origin.format(port=client.port)
    with pytest.raises(WSServerHandshakeError) as caught:
        await client.ws_connect("/live", headers=headers)
    assert caught.value.status == 403
    assert site.reached == []


async def test_c1_an_upgrade_of_our_own_page_passes(site: Site, client: Client) -> None:
    headers = await signed_in(site, client) | {"Origin": origin_of(client)}
    async with client.ws_connect("/live", headers=headers):
        assert site.reached == ["/live"]


async def test_c1_a_same_origin_upgrade_without_a_session_is_refused(site: Site, client: Client) -> None:
    with pytest.raises(WSServerHandshakeError) as caught:
        await client.ws_connect("/live", headers={"Origin": origin_of(client)})
    assert caught.value.status == 401


async def test_c1_an_upgrade_to_another_protocol_is_judged_alike(site: Site, client: Client) -> None:
    headers = await signed_in(site, client) | {"Connection": "Upgrade", "Upgrade": "spdy/3.1"}
    assert (await client.get("/clusters/c/api/v1/pods", headers=headers)).status == 403


# Hosts


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/healthz"])
async def test_b10_a_rebound_name_reaches_nothing(site: Site, client: Client, path: str) -> None:
    headers = {"Host": f"evil.test:{client.port}", "Origin": f"http://evil.test:{client.port}"}
    response = await client.get(path, headers=await signed_in(site, client) | headers)
    assert (response.status, await code_of(response)) == (421, "gate.host")
    assert site.reached == []


async def test_b10_a_probe_may_use_any_name(client: Client) -> None:
    assert (await client.get("/healthz", headers={"Host": "health.check"})).status == 200


async def test_b10_behind_a_proxy_on_this_machine_the_public_url_is_enough(aiohttp_client: MakeClient) -> None:
    client = await aiohttp_client(Site(public_url="https://app.test").app)
    response = await client.get("/config", headers={"Host": "app.test"})
    assert (response.status, (await response.json())["origin"]) == (200, "https://app.test")


async def test_the_scheme_of_a_trusted_proxy_counts(aiohttp_client: MakeClient) -> None:
    site = Site(trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),))
    client = await aiohttp_client(site.app)
    response = await client.get("/config", headers={"Host": "allowed.test", "X-Forwarded-Proto": "https"})
    assert (await response.json())["origin"] == "https://allowed.test"


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://evil.test/config HTTP/1.1\r\nHost: localhost\r\n",
        b"GET /config HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n",
        b"GET /config HTTP/1.1\r\n",
        b"GET /config#/../api/mine HTTP/1.1\r\nHost: localhost\r\n",
        b"TRACE /config HTTP/1.1\r\nHost: localhost\r\n",
        b"GET /config HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nOrigin: https://evil.test\r\n",
        b"GET /config HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n",
    ],
)
async def test_f5_f8_a_head_with_two_meanings_is_refused(site: Site, client: Client, head: bytes) -> None:
    assert 400 <= await status_of(client, head) < 500
    assert site.reached == []


# Headers


@pytest.mark.parametrize("path", [*PATHS, "/html", "/nowhere", "/forgotten", "/stream"])
async def test_b9_every_answer_has_the_security_headers(site: Site, client: Client, path: str) -> None:
    response = await client.get(path, headers=await signed_in(site, client))
    headers = response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers
    assert not [name for name in headers if name.lower().startswith("access-control-")]
    assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 3000


@pytest.mark.parametrize("path", [*APIS, "/oidc-callback", "/backchannel", "/stream"])
async def test_b9_what_is_personal_is_never_stored(site: Site, client: Client, path: str) -> None:
    response = await client.get(path, headers=await signed_in(site, client))
    assert response.headers.getall("Cache-Control") == ["no-store"]


async def test_a_page_says_itself_how_its_files_are_cached(client: Client) -> None:
    assert (await client.get("/page")).headers["Cache-Control"] == "public"
    assert (await client.get("/html")).headers["Cache-Control"] == "no-store"


async def test_b9_refusals_have_the_headers_too(client: Client) -> None:
    response = await client.get("/api/mine")
    assert response.status == 401
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


async def test_b9_upgrades_have_the_headers_too(site: Site, client: Client) -> None:
    headers = await signed_in(site, client) | {"Origin": origin_of(client)}
    async with client.ws_connect("/live", headers=headers) as socket:
        told = socket._response.headers
    assert told["X-Content-Type-Options"] == "nosniff"


async def test_d9_pages_allow_no_inline_script_and_inline_style_by_a_fresh_nonce(client: Client) -> None:
    policies = []
    for _ in range(2):
        response = await client.get("/html")
        policy = response.headers["Content-Security-Policy"]
        nonce = (await response.text()).removeprefix("<style nonce=").removesuffix(">")
        assert f"style-src 'self' 'nonce-{nonce}'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        policies.append(policy)
    assert policies[0] != policies[1]


async def test_apis_load_nothing(client: Client) -> None:
    policy = (await client.get("/config")).headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


async def test_d8_a_body_from_a_cluster_never_runs_in_our_origin(site: Site, client: Client) -> None:
    response = await client.get("/stream", headers=await signed_in(site, client))
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "allow-" not in response.headers["Content-Security-Policy"]


async def test_b9_under_https_browsers_are_told_to_stay_there(aiohttp_client: MakeClient) -> None:
    client = await aiohttp_client(Site(public_url="https://app.test").app)
    response = await client.get("/page", headers={"Host": "app.test"})
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_e3_requests_of_two_people_at_once_do_not_mix(site: Site) -> None:
    seen: list[tuple[str, str]] = []

    async def who(request: web.Request) -> web.Response:
        await asyncio.sleep(0)
        seen.append((request.query["me"], str(request[SESSION].who["sub"])))
        return web.Response()

    site.policies.add(site.app, "GET", "/who", who, Policy.SESSION_API)
    async with TestServer(site.app) as server, ClientSession() as http:
        cookies = {}
        for name in ("alice", "bob"):
            sign_in = SignIn("default", "https://idp.test", name, None, {"sub": name}, {}, Tokens("i", "a", None, 9e9))
            cookies[name], _ = await site.sessions.create(sign_in)

        async def ask(name: str) -> None:
            headers = {"Cookie": f"headlamp-{server.port}={cookies[name]}"}
            async with http.get(server.make_url(f"/who?me={name}"), headers=headers) as response:
                assert response.status == 200

        await asyncio.gather(*(ask(name) for name in ("alice", "bob") * 50))
    assert len(seen) == 100
    assert all(asked == told for asked, told in seen)
