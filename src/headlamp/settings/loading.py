"""From flags and environment to checked `Settings`, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headlamp.settings.checks import check, normalised, read_secrets
from headlamp.settings.declaring import Declaration, declarations
from headlamp.settings.errors import SettingsError
from headlamp.settings.findings import Findings
from headlamp.settings.sources import Given, from_arguments, from_environment
from headlamp.settings.table import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings that can be used, and one sentence for each thing that deserves a warning at start."""

    settings: Settings
    warnings: tuple[str, ...]


def parse(argv: Sequence[str], env: Mapping[str, str]) -> Settings:
    """The settings of a command line (without the program's name) and an environment.

    A flag wins over the environment. Raises `SettingsError` with all that is wrong.
    """
    return load(argv, env).settings


def load(argv: Sequence[str], env: Mapping[str, str]) -> Loaded:
    """Like `parse`, with the warnings too."""
    table = declarations(Settings)
    findings = Findings()
    given = from_environment(table, env, findings) | from_arguments(table, argv, findings)

    values: dict[str, Any] = {}
    for row in table:
        if row.name in given:
            _read(row, given[row.name], values, findings)
    _fill_in(values, env)
    read_secrets(values, given, findings)

    settings = Settings(**values)
    # A setting whose value could not be read has its default now: only the others are judged together.
    check(settings, given, findings)
    if findings.errors:
        raise SettingsError(list(dict.fromkeys(findings.errors)))
    return Loaded(normalised(settings), tuple(findings.warnings))


def _read(row: Declaration, given: Given, values: dict[str, Any], findings: Findings) -> None:
    try:
        value = row.kind.read(given.text)
    except ValueError as error:
        findings.unreadable.add(row.name)
        findings.errors.append(f"{given.where} {error}.")
        return
    if not row.available and value != row.default:
        findings.errors.append(f"{given.where} is not available in this version; leave it out.")
        return
    values[row.name] = value


def _fill_in(values: dict[str, Any], env: Mapping[str, str]) -> None:
    """The defaults that depend on the environment."""
    home = Path(env["HOME"]) if env.get("HOME") else Path.home()
    if not values.get("kubeconfig") and not values.get("in_cluster"):
        values["kubeconfig"] = env.get("KUBECONFIG") or str(home / ".kube" / "config")
    if "state_dir" not in values:
        # A relative XDG_STATE_HOME is invalid and to be ignored (XDG Base Directory Specification, "Basics").
        xdg = Path(env.get("XDG_STATE_HOME", ""))
        values["state_dir"] = (xdg if xdg.is_absolute() else home / ".local" / "state") / "pyheadlamp"
