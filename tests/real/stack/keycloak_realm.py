"""The realm that Keycloak has before a test run adds its clients: people, groups and how long things live."""

from __future__ import annotations

from typing import Any

from tests.real.stack.people import ADMINS, BULKY, EVERYBODY, HUGE, PASSWORD, TEAM_A, Person, many_groups

REALM = "headlamp"
TOKEN_LIFETIME_S = 30
"""Of ID tokens and access tokens; a client may have another one."""

# What is counted, and looked at, by tests.
EVENTS = ("LOGIN", "CODE_TO_TOKEN", "REFRESH_TOKEN", "REVOKE_GRANT", "LOGOUT", "USER_INFO_REQUEST")


def realm() -> dict[str, Any]:
    """The import file. Its client scopes are left out: then Keycloak makes those that it has by default."""
    groups = (ADMINS, TEAM_A, "developers", *many_groups(len(HUGE.groups) - 1))
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "external",
        "registrationAllowed": False,
        "loginWithEmailAllowed": True,
        "accessTokenLifespan": TOKEN_LIFETIME_S,
        "ssoSessionIdleTimeout": 1800,
        "ssoSessionMaxLifespan": 36000,
        # A refresh token works once, and one that comes twice ends the session: whoever renews twice is found out.
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
        "eventsEnabled": True,
        "eventsExpiration": 86400,
        "enabledEventTypes": [name for event in EVENTS for name in (event, f"{event}_ERROR")],
        "groups": [{"name": group} for group in groups],
        "users": [_user(person) for person in (*EVERYBODY, BULKY, HUGE)],
    }


def _user(person: Person) -> dict[str, Any]:
    """Somebody who can sign in; without their names Keycloak would ask for them first."""
    return {
        "username": person.name,
        "enabled": True,
        "email": person.email,
        "emailVerified": True,
        "firstName": person.name.capitalize(),
        "lastName": "Tester",
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        "groups": [f"/{group}" for group in person.groups],
    }
