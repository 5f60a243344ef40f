"""The table of settings: each is one field, declared once, with all that parsing, help, docs and checks need."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headlamp.settings import kinds
from headlamp.settings.addresses import IpNetwork, is_loopback
from headlamp.settings.declaring import setting
from headlamp.settings.secret import Secret

SERVER: Final = "Server"
CLUSTERS: Final = "Clusters"
SIGN_IN: Final = "Sign-in"
SESSIONS: Final = "Sessions"
LIVE: Final = "Scale and live rows"
TELEMETRY: Final = "Telemetry and diagnosis"

_TRUSTED: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


def _default_state_dir() -> Path:
    return Path.home() / ".local" / "state" / "pyheadlamp"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the program was told, checked. `load` makes it from flags and environment; tests make it directly."""

    # Server
    listen_addr: str = setting(
        "",
        kinds.LISTEN_ADDR,
        group=SERVER,
        shown_default="all addresses",
        help="Address to listen on. Use localhost when the program is for you alone.",
    )
    port: int = setting(4466, kinds.PORT, group=SERVER, help="Port to listen on. 0 takes any free one.")
    base_url: str = setting(
        "",
        kinds.BASE_URL,
        group=SERVER,
        help='Path under which everything is served, for example "/headlamp".',
    )
    public_url: str = setting(
        "",
        kinds.URL,
        group=SERVER,
        shown_default="taken from each request",
        help="Address that people open, for example https://headlamp.example.com. Set it behind a reverse proxy.",
    )
    trusted_proxies: tuple[IpNetwork, ...] = setting(
        _TRUSTED,
        kinds.NETWORKS,
        group=SERVER,
        help="Addresses and networks whose X-Forwarded-Proto and X-Forwarded-For are believed.",
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        kinds.HOSTS,
        group=SERVER,
        help="Further host names by which the program may be asked, besides the public URL's and those of localhost; "
        "*.example.org stands for all names below example.org.",
    )
    tls_cert_path: Path | None = setting(
        None,
        kinds.OPTIONAL_FILE,
        group=SERVER,
        help="Certificate chain (PEM) for serving https. Needs -tls-key-path.",
    )
    tls_key_path: Path | None = setting(
        None, kinds.OPTIONAL_FILE, group=SERVER, help="Private key (PEM, not encrypted) of -tls-cert-path."
    )
    html_static_dir: Path | None = setting(
        None,
        kinds.OPTIONAL_DIRECTORY,
        group=SERVER,
        shown_default="the page that comes with the program",
        help="Serve another web frontend, from this directory.",
    )
    insecure_cookie: bool = setting(
        False,
        kinds.SWITCH,
        group=SERVER,
        help="Allow the session cookie over plain http on hosts other than localhost. Anybody on the network between "
        "can then take over a session.",
    )
    log_level: str = setting("info", kinds.LOG_LEVEL, group=SERVER, help="How much to log: debug, info, warn or error.")

    # Clusters
    in_cluster: bool = setting(
        False,
        kinds.SWITCH,
        group=CLUSTERS,
        help="Offer the cluster that this pod runs in, by its service account's CA and the API server's address.",
    )
    in_cluster_context_name: str = setting("main", kinds.TEXT, group=CLUSTERS, help="Name of that cluster.")
    kubeconfig: str = setting(
        "",
        kinds.PATHS,
        group=CLUSTERS,
        shown_default="$KUBECONFIG, or else ~/.kube/config; none with -in-cluster",
        help="Kubeconfig files, separated by colons and merged as kubectl does.",
    )
    skipped_kube_contexts: tuple[str, ...] = setting(
        (), kinds.NAMES, group=CLUSTERS, help="Contexts of the kubeconfig that are not offered, separated by commas."
    )
    insecure_ssl: bool = setting(
        False,
        kinds.SWITCH,
        group=CLUSTERS,
        help="Don't verify the certificates of clusters. Whoever answers in their place gets people's tokens.",
    )
    allow_proxy_subresource: bool = setting(
        False,
        kinds.SWITCH,
        group=CLUSTERS,
        help="Pass requests on to the proxy subresource of nodes, services and pods, where RBAC allows it.",
    )
    cluster_client: str = setting(
        "lean",
        kinds.CLUSTER_CLIENT,
        group=CLUSTERS,
        help="HTTP client for requests to clusters: lean, with which a small request takes the server a third less "
        "processor time, or aiohttp, the library. WebSockets, and clusters behind a proxy, are aiohttp's with either.",
    )

    # Sign-in
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

    # Sessions
    session_store: str = setting(
        "sqlite",
        kinds.STORE,
        group=SESSIONS,
        help="Where sessions are kept, encrypted: memory, sqlite (a file in the state directory) or "
        "sqlite:///absolute/path.",
    )
    session_ttl: int = setting(
        86400,
        kinds.SECONDS,
        group=SESSIONS,
        help="How long a session lasts at most, in seconds or as a duration like 8h.",
    )
    session_idle_timeout: int = setting(
        28800, kinds.SECONDS, group=SESSIONS, help="How long a session lasts that nobody uses."
    )
    session_secret: Secret | None = setting(
        None,
        kinds.SECRET,
        group=SESSIONS,
        shown_default="made on first start, kept in the state directory",
        help="Secret that seals sessions and sign-ins, at least 32 characters.",
    )
    session_secret_file: Path | None = setting(
        None, kinds.OPTIONAL_FILE, group=SESSIONS, help="File that holds that secret."
    )
    state_dir: Path = setting(
        Path("~/.local/state/pyheadlamp"),
        kinds.DIRECTORY,
        group=SESSIONS,
        shown_default="$XDG_STATE_HOME/pyheadlamp, or else ~/.local/state/pyheadlamp",
        default_factory=_default_state_dir,
        help="Directory for what has to survive a restart.",
    )

    # Scale
    workers: int = setting(
        1,
        kinds.COUNT,
        group=LIVE,
        help="Number of processes that serve on the port: one a processor at most. They need a session store that "
        "they can share (-session-store=sqlite).",
    )

    live_sharing: str = setting(
        "user",
        kinds.SHARING,
        group=LIVE,
        help="Who shares the watches of live rows: user (the tabs and browsers of one user), or cluster: all users of "
        "a cluster, after a review of each one's rights, repeated every minute.",
    )

    # Diagnosis
    doctor_groups: tuple[str, ...] = setting(
        (),
        kinds.NAMES,
        group=TELEMETRY,
        help="Groups whose members may see the diagnosis (/doctor), separated by commas. Only groups in a verified ID "
        "token count, found by -me-groups-path.",
    )

    # Known, and refused by name until they work
    metrics_enabled: bool = setting(
        False, kinds.SWITCH, group=TELEMETRY, available=False, help="Serve metrics for Prometheus."
    )
    metrics_addr: str = setting(
        "", kinds.TEXT, group=TELEMETRY, available=False, help="Address and port that metrics are served on."
    )
    tracing_enabled: bool = setting(
        False, kinds.SWITCH, group=TELEMETRY, available=False, help="Send traces to an OpenTelemetry collector."
    )
    otlp_endpoint: str = setting("", kinds.TEXT, group=TELEMETRY, available=False, help="Address of that collector.")
    use_otlp_http: bool = setting(
        False, kinds.SWITCH, group=TELEMETRY, available=False, help="Speak HTTP with it instead of gRPC."
    )
    sampling_rate: float = setting(
        1.0, kinds.RATIO, group=TELEMETRY, available=False, help="Share of the requests that are traced."
    )
    service_name: str = setting(
        "headlamp", kinds.TEXT, group=TELEMETRY, available=False, help="Name under which traces appear."
    )

    @property
    def oidc_configured(self) -> bool:
        """Whether the flags make a provider; a kubeconfig may make further ones."""
        return bool(self.oidc_client_id and self.oidc_idp_issuer_url)

    @property
    def loopback_only(self) -> bool:
        """Whether only this machine can connect: one condition of the laptop case."""
        # A name below localhost is for the resolver to decide, and not all of them keep RFC 6761.
        return is_loopback(self.listen_addr) and not self.listen_addr.lower().endswith(".localhost")

    @property
    def session_database(self) -> Path | None:
        """The file of the SQLite store; None when sessions are kept in memory only."""
        if self.session_store == "memory":
            return None
        path = self.session_store.partition("://")[2]
        return Path(path) if path else self.state_dir / "sessions.sqlite3"
