"""Several processes on one port: a supervisor that binds it, and workers that each run the whole server on it."""

from headlamp.processes.running import run_workers

__all__ = ["run_workers"]
