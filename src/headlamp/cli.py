"""The command `headlamp`: what it understands, and what it answers when it doesn't.

Headlamp's own command line has no subcommands, so `headlamp -oidc-client-id=…` is `headlamp serve -oidc-client-id=…`.
Rooms are imported when a subcommand needs them, so that `headlamp version` answers at once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from headlamp import __version__

USAGE: Final = """\
headlamp: a Kubernetes web UI that people sign in to with OpenID Connect

Usage:
  headlamp [serve] [FLAGS]      Serve the web page and the API (the default).
  headlamp demo [--help]        Try it out: an identity provider, a small simulated cluster and the
                                server, all on this machine.
  headlamp doctor [--help]      Check the whole chain: settings, way in, provider, clusters.
  headlamp version              Print the version.
  headlamp serve --help         Explain every flag and environment variable.

To sign people in, the server needs these:
  headlamp serve -oidc-idp-issuer-url=https://idp.example.com -oidc-client-id=headlamp \\
                 -oidc-client-secret-file=/run/secrets/oidc -public-url=https://headlamp.example.com
"""

SERVE_USAGE: Final = """\
Usage: headlamp [serve] [FLAGS]

Serve the web page and the API. Flags are written -name=value or -name value, with one dash or
two. Each can be set by an environment variable too, HEADLAMP_CONFIG_ and the name in upper snake
case: HEADLAMP_CONFIG_OIDC_CLIENT_ID is -oidc-client-id. A flag wins over its variable.

"""

_HELP: Final = frozenset({"-h", "-help", "--help"})
_VERSION: Final = frozenset({"-version", "--version", "version"})
_BAD_USAGE: Final = 2


def main(argv: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> int:
    """Run the command and return its exit status: 2 when it was not understood or the settings can't be used."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    environment = os.environ if env is None else env
    command = arguments.pop(0) if arguments and not arguments[0].startswith("-") else ""

    if command == "help" or (not command and not _HELP.isdisjoint(arguments[:1])):
        return _print(USAGE)
    if command == "version" or (not command and not _VERSION.isdisjoint(arguments[:1])):
        return _print(f"headlamp {__version__}\n")
    if command in ("", "serve"):
        return _serve(arguments, environment)
    if command == "demo":
        return _demo(arguments)
    if command == "doctor":
        return _doctor(arguments, environment)
    # The word itself is not repeated: it may be a secret that lost its flag.
    _complain(["That is not a command of headlamp. `headlamp --help` lists them: serve, demo, doctor, version."])
    return _BAD_USAGE


def _serve(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    from headlamp.settings import SettingsError, help_text, load

    if not _HELP.isdisjoint(arguments):
        return _print(SERVE_USAGE + help_text())
    try:
        loaded = load(arguments, env)
    except SettingsError as error:
        _complain([*error.lines, "`headlamp serve --help` explains the settings."])
        return _BAD_USAGE

    import structlog

    from headlamp.app import run
    from headlamp.telemetry.logs import configure_logging

    configure_logging(loaded.settings.log_level)
    for warning in loaded.warnings:
        structlog.get_logger().warning(warning)
    if loaded.settings.workers > 1:
        from headlamp.processes import run_workers

        return run_workers(loaded.settings)
    return run(loaded.settings)


def _doctor(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    from headlamp.diagnose import Terminal, run
    from headlamp.telemetry.logs import configure_logging

    configure_logging("error")
    # no-color.org: any value but an empty one.
    colour = sys.stdout.isatty() and not env.get("NO_COLOR") and env.get("TERM") != "dumb"
    return run(arguments, env, Terminal(sys.stdout, sys.stderr, colour, shutil.get_terminal_size().columns))


def _demo(arguments: Sequence[str]) -> int:
    from headlamp.demo.options import DEFAULT_PODS, DEFAULT_PORT, DEFAULT_SEED, MOST_PODS, DemoOptions

    parser = argparse.ArgumentParser(
        prog="headlamp demo",
        description="Try headlamp out: start an identity provider, a small simulated cluster and the server on this "
        "machine, and open a browser. It is not for real use. Ctrl-C ends it.",
    )
    parser.add_argument(
        "--port",
        type=_whole_number(0, 65535),
        default=DEFAULT_PORT,
        metavar="PORT",
        help=f"port to serve on; if it is taken, the next free one (default: {DEFAULT_PORT})",
    )
    parser.add_argument(
        "--pods",
        type=_whole_number(1, MOST_PODS),
        default=DEFAULT_PODS,
        metavar="N",
        help=f"number of pods in the cluster, up to {MOST_PODS} (default: {DEFAULT_PODS})",
    )
    parser.add_argument(
        "--seed",
        type=_whole_number(0, 2**31),
        default=DEFAULT_SEED,
        metavar="N",
        help="the same seed gives the same names and happenings",
    )
    parser.add_argument("--no-browser", action="store_true", help="don't open a browser")
    try:
        chosen = parser.parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)

    from headlamp.demo import run

    return run(DemoOptions(no_browser=chosen.no_browser, port=chosen.port, pods=chosen.pods, seed=chosen.seed))


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and low <= int(text[:12]) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}")

    return read


def _print(text: str) -> int:
    sys.stdout.write(text)
    return 0


def _complain(lines: Sequence[str]) -> None:
    sys.stderr.write("".join(f"headlamp: {line}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
