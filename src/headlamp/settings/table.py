"""The table of settings: each is one field, declared once, with all that parsing, help, docs and checks need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headlamp.settings import kinds
from headlamp.settings.declaring import setting
from headlamp.settings.groups import LIVE, SESSIONS, TELEMETRY
from headlamp.settings.secret import Secret
from headlamp.settings.server_table import ServerSettings
from headlamp.settings.sign_in_table import SignInSettings


def _default_state_dir() -> Path:
    return Path.home() / ".local" / "state" / "pyheadlamp"


# The fields of a dataclass's bases come before its own, those of the last base first.
@dataclass(frozen=True, kw_only=True)
class Settings(SignInSettings, ServerSettings):
    """What the program was told, checked. `load` makes it from flags and environment; tests make it directly."""

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
    def session_database(self) -> Path | None:
        """The file of the SQLite store; None when sessions are kept in memory only."""
        if self.session_store == "memory":
            return None
        path = self.session_store.partition("://")[2]
        return Path(path) if path else self.state_dir / "sessions.sqlite3"
