"""Providers as they are known: what each does differently from the others, without doing anything wrong.

A profile belongs to a page of docs/providers; its settings are the ones that a test of it starts with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.adversarial.deviations import MISSING
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider

STANDARD_SCOPES: Final = {
    "profile": ("name", "preferred_username"),
    "email": ("email", "email_verified"),
    "groups": ("groups",),
}
# Groups that come along in any case, by a mapper of the client.
MAPPED: Final = {**STANDARD_SCOPES, "openid": ("groups",)}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One provider. `issuer` and `names` are what its page says, to be replaced by the test's own.

    `id_token_ttl` is in seconds. `groups` are those of alice as the page of headlamp shows them.
    """

    page: str
    issuer: str
    habits: Habits
    names: Mapping[str, str] = field(default_factory=dict)
    client_id: str = "headlamp"
    id_token_ttl: float = 3600.0
    rotates: bool = True
    groups: tuple[str, ...] = ("developers", "cluster-admins")
    ends_its_session: bool = False

    def provider(self, *, now: Callable[[], float], **changes: Any) -> MisbehavingProvider:
        """A provider of this kind; `changes` go to it."""
        provider = MisbehavingProvider(**{"client_id": self.client_id, "habits": self.habits, "now": now, **changes})
        provider.id_token_ttl = self.id_token_ttl
        provider.rotate_refresh = self.rotates
        return provider


KEYCLOAK: Final = Profile(
    page="keycloak",
    issuer="https://keycloak.example.com/realms/kubernetes",
    id_token_ttl=300.0,
    ends_its_session=True,
    habits=Habits(
        issuer_path="/realms/kubernetes",
        scopes=("openid", "profile", "email", "roles", "web-origins", "acr", "basic", "address", "phone"),
        refuses_unknown_scopes=True,
        claims_of_scope=MAPPED,
        auth_methods=("private_key_jwt", "client_secret_basic", "client_secret_post", "client_secret_jwt"),
        refuses_client_with=(401, "unauthorized_client"),
        jwt_access_tokens=True,
        access_token_audience="account",
        id_token_claims={"azp": "headlamp", "typ": "ID"},
        reuse_revokes_all=True,
        refreshed_without=("nonce",),
        longest_address=8_000,
    ),
)

DEX: Final = Profile(
    page="dex",
    issuer="https://dex.example.com",
    habits=Habits(
        issuer_path="/dex",
        endpoints=frozenset({"userinfo"}),
        names_issuer_in_response=False,
        scopes=("openid", "profile", "email", "groups", "offline_access", "federated:id"),
        refuses_unknown_scopes=True,
        claims_of_scope=STANDARD_SCOPES,
        auth_methods=("client_secret_basic", "client_secret_post"),
        jwt_access_tokens=True,
        id_token_claims={"auth_time": MISSING, "sid": MISSING},
        offline_scope="offline_access",
        one_refresh_token_per_person=True,
        refuses_refresh_with="invalid_request",
        honours_prompt_none=False,
    ),
)

OKTA: Final = Profile(
    page="okta",
    issuer="https://ORG.okta.com/oauth2/default",
    names={"CLIENT_ID": "0oa1headlamp"},
    client_id="0oa1headlamp",
    rotates=False,
    ends_its_session=True,
    habits=Habits(
        issuer_path="/oauth2/default",
        names_issuer_in_response=False,
        scopes=("openid", "profile", "email", "groups", "offline_access", "phone", "address"),
        refuses_unknown_scopes=True,
        claims_of_scope=STANDARD_SCOPES,
        auth_methods=("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"),
        jwt_access_tokens=True,
        access_token_audience="api://default",
        offline_scope="offline_access",
        refreshed_without=("nonce",),
        longest_address=8_000,
        redirects_without_hint=False,
    ),
)

GOOGLE: Final = Profile(
    page="google",
    issuer="https://accounts.google.com",
    names={"CLIENT_ID": "1234.apps.googleusercontent.com"},
    client_id="1234.apps.googleusercontent.com",
    rotates=False,
    groups=(),
    habits=Habits(
        endpoints=frozenset({"userinfo", "revocation"}),
        names_issuer_in_response=False,
        scopes=("openid", "profile", "email"),
        refuses_unknown_scopes=True,
        renamed_claims={"groups": "", "preferred_username": ""},
        auth_methods=("client_secret_post", "client_secret_basic"),
        id_token_claims={"hd": "example.com", "auth_time": MISSING, "sid": MISSING},
        offline_parameter=("access_type", "offline"),
        repeats_refresh_token=False,
        refreshed_without=("nonce",),
    ),
)

GITLAB: Final = Profile(
    page="gitlab",
    issuer="https://gitlab.example.com",
    names={"APPLICATION_ID": "a1b2c3"},
    client_id="a1b2c3",
    id_token_ttl=120.0,
    habits=Habits(
        endpoints=frozenset({"userinfo", "revocation"}),
        names_issuer_in_response=False,
        scopes=("openid", "profile", "email", "api", "read_user"),
        refuses_unknown_scopes=True,
        renamed_claims={"preferred_username": "nickname", "groups": "groups_direct"},
        auth_methods=("client_secret_basic", "client_secret_post"),
        reuse_revokes_all=True,
        refreshed_without=("nonce",),
    ),
)

AUTHENTIK: Final = Profile(
    page="authentik",
    issuer="https://authentik.example.com/application/o/headlamp/",
    names={"CLIENT_ID": "Xy9"},
    client_id="Xy9",
    id_token_ttl=300.0,
    ends_its_session=True,
    habits=Habits(
        issuer_path="/application/o/headlamp/",
        names_issuer_in_response=False,
        claims_of_scope={**STANDARD_SCOPES, "profile": ("name", "preferred_username", "groups")},
        auth_methods=("client_secret_post", "client_secret_basic"),
        jwt_access_tokens=True,
        offline_scope="offline_access",
    ),
)

AUTHELIA: Final = Profile(
    page="authelia",
    issuer="https://auth.example.com",
    habits=Habits(
        endpoints=frozenset({"userinfo", "revocation"}),
        scopes=("openid", "profile", "email", "groups", "offline_access", "offline", "phone"),
        refuses_unknown_scopes=True,
        claims_of_scope=STANDARD_SCOPES,
        auth_methods=("client_secret_basic", "client_secret_post", "private_key_jwt", "none"),
        client_auth="client_secret_post",
        id_token_claims={"aud": ["headlamp"], "azp": "headlamp"},
        offline_scope="offline_access",
    ),
)

ZITADEL: Final = Profile(
    page="zitadel",
    issuer="https://INSTANCE.zitadel.cloud",
    # One text may begin another: OTHER_CLIENT_ID is replaced as a whole.
    names={"CLIENT_ID": "345", "OTHER_CLIENT_ID": "346", "PROJECT_ID": "340"},
    client_id="345",
    ends_its_session=True,
    habits=Habits(
        names_issuer_in_response=False,
        auth_methods=("none", "client_secret_basic", "client_secret_post", "private_key_jwt"),
        id_token_claims={"aud": ["345", "346", "340"], "azp": "345", "client_id": "345"},
        offline_scope="offline_access",
        refreshed_without=("nonce",),
    ),
)

COGNITO: Final = Profile(
    page="cognito",
    issuer="https://cognito-idp.REGION.amazonaws.com/USER_POOL_ID",
    names={"CLIENT_ID": "5example"},
    client_id="5example",
    rotates=False,
    habits=Habits(
        issuer_path="/eu-central-1_Pool",
        endpoints=frozenset({"userinfo", "revocation"}),
        names_issuer_in_response=False,
        scopes=("openid", "email", "phone", "profile"),
        refuses_unknown_scopes=True,
        renamed_claims={"groups": "cognito:groups", "preferred_username": "cognito:username"},
        auth_methods=("client_secret_basic", "client_secret_post"),
        jwt_access_tokens=True,
        access_token_audience="",
        access_token_claims={"token_use": "access"},
        id_token_claims={"token_use": "id", "sid": MISSING},
        repeats_refresh_token=False,
        refreshed_without=("nonce", "at_hash"),
    ),
)

AUTH0: Final = Profile(
    page="auth0",
    issuer="https://TENANT.auth0.com/",
    names={"CLIENT_ID": "Au0"},
    client_id="Au0",
    ends_its_session=True,
    habits=Habits(
        issuer_path="/",
        names_issuer_in_response=False,
        # The page's own name for the claim, with the address that a test puts in place of the page's.
        renamed_claims={"groups": "http://localhost:4466/groups"},
        auth_methods=("client_secret_basic", "client_secret_post", "private_key_jwt", "none"),
        id_token_claims={"at_hash": MISSING},
        offline_scope="offline_access",
        refreshed_without=("nonce",),
    ),
)

PROFILES: Final = (KEYCLOAK, DEX, OKTA, GOOGLE, GITLAB, AUTHENTIK, AUTHELIA, ZITADEL, COGNITO, AUTH0)
