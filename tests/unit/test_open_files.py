"""How many files a server may have open."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")

# In a process of its own: the limit is the whole process's.
PROGRAM = """
import os
import resource
from pathlib import Path
from headlamp.app import run
from headlamp.open_files import allow_many
from headlamp.processes.line import Line
from headlamp.processes.worker import work
from headlamp.settings import Settings

# Where there is no place for its secret, a server ends before it listens.
settings = Settings(listen_addr="127.0.0.1", kubeconfig="none", state_dir=Path("/dev/null/none"))
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
{call}
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def _limits_after(call: str) -> str:
    program = PROGRAM.format(call=call)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "call", ["allow_many()", "assert run(settings) == 1", "assert work(settings, [], Line(0, *os.pipe())) == 1"]
)
def test_every_server_may_have_as_many_files_open_as_its_user_may(call: str) -> None:
    assert _limits_after(call) == "200 200"


def test_a_system_that_refuses_more_leaves_the_limit_as_it_is() -> None:
    refusing = """
def refuse(*_):
    raise ValueError
resource.setrlimit = refuse
allow_many()"""
    assert _limits_after(refusing) == "100 200"
