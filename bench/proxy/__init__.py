"""The proxied path beside a bare proxy in Go (`peer/`): both in one run, one core for the server, one for the rest."""

from bench.proxy.run import main

__all__ = ["main"]
