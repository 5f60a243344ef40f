"""Keycloak, with the product behind nginx as its stock configuration is: signing in, for people of all sizes."""

from __future__ import annotations

import asyncio

import pytest
from tests.real.clients.browser import Browser
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.keycloak import Keycloak
from tests.real.stack.nginx import Nginx
from tests.real.stack.people import ALICE, BULKY, HUGE, KEYCLOAK_PREFIX, Person

pytestmark = [pytest.mark.keycloak, pytest.mark.nginx]

REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@pytest.mark.parametrize("person", [ALICE, BULKY, HUGE], ids=lambda person: person.name)
async def test_s7_somebody_of_keycloak_is_themselves_here_and_in_the_cluster(
    keycloak_cluster: ApiServer, keycloak: Keycloak, keycloak_door: Nginx, browser: Browser, person: Person
) -> None:
    landed = await browser.sign_in(keycloak_door.url, person, return_to="/c/lab/pods?ns=team-a")
    assert landed.url.path_qs == "/c/lab/pods?ns=team-a"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await browser.fetch(f"{keycloak_door.url}/clusters/lab{REVIEW}", method="POST", body=body)
    assert answer.status == 201, answer.text
    user = answer.json()["status"]["userInfo"]
    assert user["username"] == person.keycloak_username
    session = (await browser.fetch(f"{keycloak_door.url}/api/session")).json()
    assert session["user"]["name"] == person.name
    assert session["user"]["email"] == person.email
    assert set(session["user"]["groups"]) == set(person.groups)
    # Keycloak reads no header as large as the third one's token, and nobody notices.
    asked = await asyncio.to_thread(
        keycloak.admin.events, "USER_INFO_REQUEST", client_id="headlamp", person=person.name
    )
    assert bool(asked) == (person is not HUGE)
    assert set(user["groups"]) == {*(KEYCLOAK_PREFIX + group for group in person.groups), "system:authenticated"}
