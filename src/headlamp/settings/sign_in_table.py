"""The part of the table that says how people sign in, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headlamp.settings import kinds
from headlamp.settings.declaring import setting
from headlamp.settings.groups import SIGN_IN
from headlamp.settings.secret import Secret


@dataclass(frozen=True, kw_only=True)
class SignInSettings:
    """The settings of the group "Sign-in"."""

    oidc_client_id: str = setting(
        "", kinds.TEXT, group=SIGN_IN, help="Client id under which the identity provider knows this program."
    )
    oidc_client_secret: Secret | None = setting(
        None,
        kinds.SECRET,
        group=SIGN_IN,
        help="Secret of that client. None for a public client. Prefer -oidc-client-secret-file or the variable: "
        "everybody on a machine can read the flags of its processes.",
    )
    oidc_client_secret_file: Path | None = setting(
        None, kinds.OPTIONAL_FILE, group=SIGN_IN, help="File that holds the secret of that client."
    )
    oidc_idp_issuer_url: str = setting(
        "",
        kinds.URL,
        group=SIGN_IN,
        help="Issuer URL of the identity provider, exactly as its metadata says it (mind a slash at the end).",
    )
    oidc_scopes: tuple[str, ...] = setting(
        ("profile", "email"),
        kinds.SCOPES,
        group=SIGN_IN,
        help="Scopes to ask for, separated by commas or spaces. They replace the default; openid is always sent.",
    )
    oidc_callback_url: str = setting(
        "",
        kinds.URL,
        group=SIGN_IN,
        shown_default="public URL + /oidc-callback",
        help="Callback URL, when it is not the one that is derived. Register it at the identity provider.",
    )
    oidc_ca_file: Path | None = setting(
        None,
        kinds.OPTIONAL_FILE,
        group=SIGN_IN,
        help="CA certificates (PEM) to trust for the identity provider, besides the system's.",
    )
    oidc_skip_tls_verify: bool = setting(
        False,
        kinds.SWITCH,
        group=SIGN_IN,
        help="Don't verify the identity provider's certificate. For trying out only: it makes sign-in forgeable.",
    )
    oidc_display_name: str = setting(
        "",
        kinds.TEXT,
        group=SIGN_IN,
        shown_default="the issuer's host",
        help="What the sign-in button calls the identity provider.",
    )
    oidc_signing_algs: tuple[str, ...] = setting(
        ("RS256",),
        kinds.ALGORITHMS,
        group=SIGN_IN,
        help="Algorithms that ID tokens may be signed with, separated by commas; for a kubeconfig's providers too.",
    )
    oidc_use_access_token: bool = setting(
        False,
        kinds.SWITCH,
        group=SIGN_IN,
        help="Send the access token to clusters instead of the ID token, as Entra ID needs it.",
    )
    oidc_validator_client_id: str = setting(
        "",
        kinds.TEXT,
        group=SIGN_IN,
        shown_default="-oidc-client-id",
        help="Audience that the token for clusters must carry, when it is not the client id.",
    )
    oidc_validator_idp_issuer_url: str = setting(
        "",
        kinds.URL,
        group=SIGN_IN,
        shown_default="-oidc-idp-issuer-url",
        help="Issuer that the token for clusters must carry, when it is not the issuer URL.",
    )
    oidc_trusted_audiences: tuple[str, ...] = setting(
        (),
        kinds.NAMES,
        group=SIGN_IN,
        help="Further audiences that an ID token may carry beside the client id, separated by commas. Others are "
        "refused.",
    )
    oidc_client_auth_method: str = setting(
        "auto",
        kinds.CLIENT_AUTH,
        group=SIGN_IN,
        help="How this client proves itself to the provider: none, client_secret_basic, client_secret_post or "
        "private_key_jwt. auto chooses from the provider's metadata.",
    )
    oidc_client_key_file: Path | None = setting(
        None,
        kinds.OPTIONAL_FILE,
        group=SIGN_IN,
        help="Private key (PEM or JWK, not encrypted) for private_key_jwt. Register its public half at the provider.",
    )
    oidc_client_key_id: str = setting(
        "",
        kinds.TEXT,
        group=SIGN_IN,
        shown_default="the key's thumbprint, or the JWK's own",
        help="Key id (kid) of that key, when the provider gave it one.",
    )
    oidc_client_assertion_audience: str = setting(
        "token_endpoint",
        kinds.ASSERTION_AUDIENCE,
        group=SIGN_IN,
        help="Whom private_key_jwt assertions are addressed to: token_endpoint, as most providers expect, or issuer, "
        "as Auth0 and Zitadel do.",
    )
    oidc_prompt: str = setting(
        "",
        kinds.PROMPT,
        group=SIGN_IN,
        help="What the provider should ask of people at each sign-in: login, consent or select_account.",
    )
    oidc_max_age: int | None = setting(
        None,
        kinds.MAX_AGE,
        group=SIGN_IN,
        shown_default="not asked",
        help="How long ago, in seconds or as a duration like 8h, people may have proved themselves to the provider. "
        "0 asks them every time.",
    )
    oidc_login_hint: str = setting(
        "", kinds.TEXT, group=SIGN_IN, help="login_hint for the provider, where one sign-in page serves many domains."
    )
    oidc_acr_values: tuple[str, ...] = setting(
        (),
        kinds.WORDS,
        group=SIGN_IN,
        help="Authentication context classes to ask for (acr_values), the preferred first. A sign-in of another "
        "class, or of none, is refused.",
    )
    oidc_extra_params: tuple[tuple[str, str], ...] = setting(
        (),
        kinds.PARAMETERS,
        group=SIGN_IN,
        help="Further parameters of the authorization request, as name=value pairs joined by &.",
    )
    oidc_logout_hint: bool = setting(
        False,
        kinds.SWITCH,
        group=SIGN_IN,
        help="At sign-out send the ID token along to the provider (id_token_hint), if it is short enough. Some "
        "providers ask for confirmation without it; with it the token is in the browser's history.",
    )
    oidc_use_pkce: bool = setting(
        True, kinds.SWITCH, group=SIGN_IN, help="Accepted for compatibility; PKCE is always used."
    )
    oidc_use_cookie: bool = setting(
        False, kinds.SWITCH, group=SIGN_IN, help="Accepted for compatibility; tokens never reach the browser."
    )
    me_username_path: tuple[str, ...] = setting(
        ("preferred_username", "upn", "username", "name"),
        kinds.EXPRESSIONS,
        group=SIGN_IN,
        help="JMESPath expressions, separated by commas, that find a person's name in the claims. The first match "
        "wins.",
    )
    me_email_path: tuple[str, ...] = setting(
        ("email",), kinds.EXPRESSIONS, group=SIGN_IN, help="The same for the e-mail address."
    )
    me_groups_path: tuple[str, ...] = setting(
        ("groups", "realm_access.roles"), kinds.EXPRESSIONS, group=SIGN_IN, help="The same for the groups."
    )
    me_user_info_url: str = setting(
        "", kinds.TEXT, group=SIGN_IN, help="userInfoURL in the answer of /clusters/NAME/me, for frontends that ask it."
    )

    @property
    def oidc_configured(self) -> bool:
        """Whether the flags make a provider; a kubeconfig may make further ones."""
        return bool(self.oidc_client_id and self.oidc_idp_issuer_url)
