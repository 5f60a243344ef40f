"""A small simulated shell: it knows a dozen commands, and runs nothing."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from headlamp.demo.cluster.terminal.files import Files, resolve

_NOT_FOUND = 127
_SEPARATOR = re.compile(r"\s*(;|&&|\|\|)\s*")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+|\?))")
_HELP = """This is a simulated container: nothing runs here. The commands are:
  cat cd clear date df echo env exit free help hostname id ls ps pwd true false uname uptime whoami
"""


@dataclass(slots=True)
class Machine:
    """What a shell finds around it."""

    files: Files
    environment: dict[str, str]
    program: str
    hostname: str
    started: float
    now: Callable[[], float]


@dataclass(slots=True)
class Outcome:
    """What a command wrote, and how it ended."""

    out: str = ""
    err: str = ""
    code: int = 0


@dataclass(slots=True)
class Shell:
    """Holds the working folder and the last exit code; `finished` is the shell's own exit code once it has ended."""

    machine: Machine
    folder: str = "/app"
    last: int = 0
    finished: int | None = None
    _commands: dict[str, Callable[[list[str]], Outcome]] = field(init=False)

    def __post_init__(self) -> None:
        self._commands = {
            "cat": self._cat,
            "cd": self._cd,
            "clear": lambda _: Outcome("\x1b[H\x1b[2J"),
            "date": self._date,
            "df": self._df,
            "echo": self._echo,
            "env": self._env,
            "exit": self._exit,
            "false": lambda _: Outcome(code=1),
            "free": self._free,
            "help": lambda _: Outcome(_HELP),
            "hostname": lambda _: Outcome(f"{self.machine.hostname}\n"),
            "id": lambda _: Outcome("uid=10001(app) gid=10001(app) groups=10001(app)\n"),
            "ls": self._ls,
            "printenv": self._env,
            "ps": self._ps,
            "pwd": lambda _: Outcome(f"{self.folder}\n"),
            "true": lambda _: Outcome(),
            "uname": self._uname,
            "uptime": self._uptime,
            "whoami": lambda _: Outcome("app\n"),
        }

    @property
    def prompt(self) -> str:
        return f"{self.folder} $ "

    def run_line(self, line: str) -> Outcome:
        """Run what was typed: commands with `;`, `&&` and `||` between them."""
        written = Outcome()
        parts = _SEPARATOR.split(line.split("#", 1)[0].strip())
        for position in range(0, len(parts), 2):
            joint = parts[position - 1] if position else ";"
            skipped = (joint == "&&" and self.last != 0) or (joint == "||" and self.last == 0)
            if not parts[position] or skipped or self.finished is not None:
                continue
            outcome = self._run_text(parts[position])
            written.out += outcome.out
            written.err += outcome.err
            self.last = outcome.code
        written.code = self.last
        return written

    def run(self, arguments: list[str]) -> Outcome:
        """Run one command."""
        name = posixpath.basename(arguments[0])
        command = self._commands.get(name)
        if command is None:
            return Outcome(err=f"sh: {arguments[0]}: not found (this shell is simulated; try help)\n", code=_NOT_FOUND)
        return command(arguments[1:])

    def _run_text(self, text: str) -> Outcome:
        if any(mark in text for mark in "|<>&"):
            return Outcome(err="sh: this simulated shell has no pipes, redirections or jobs\n", code=2)
        try:
            arguments = shlex.split(_VARIABLE.sub(self._variable, text))
        except ValueError as error:
            return Outcome(err=f"sh: {error}\n", code=2)
        return self.run(arguments) if arguments else Outcome()

    def _variable(self, match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return str(self.last) if name == "?" else shlex.quote(self.machine.environment.get(name, ""))

    def _cat(self, arguments: list[str]) -> Outcome:
        outcome = Outcome()
        for argument in arguments:
            path = resolve(self.folder, argument)
            text = self.machine.files.read(path)
            if text is not None:
                outcome.out += text
            else:
                problem = "Is a directory" if self.machine.files.is_folder(path) else "No such file or directory"
                outcome.err += f"cat: {argument}: {problem}\n"
                outcome.code = 1
        return outcome

    def _cd(self, arguments: list[str]) -> Outcome:
        path = resolve(self.folder, arguments[0] if arguments else "/")
        if not self.machine.files.is_folder(path):
            return Outcome(err=f"sh: cd: can't cd to {arguments[0]}\n", code=2)
        self.folder = path
        return Outcome()

    def _ls(self, arguments: list[str]) -> Outcome:
        outcome = Outcome()
        long = any(argument.startswith("-") and "l" in argument for argument in arguments)
        for argument in [a for a in arguments if not a.startswith("-")] or ["."]:
            path = resolve(self.folder, argument)
            if self.machine.files.is_folder(path):
                names = self.machine.files.entries(path)
            elif self.machine.files.read(path) is not None:
                names = [argument]
            else:
                outcome.err += f"ls: {argument}: No such file or directory\n"
                outcome.code = 1
                continue
            outcome.out += "".join(self._long(path, name) if long else f"{name}\n" for name in names)
        return outcome

    def _long(self, folder: str, name: str) -> str:
        path = resolve(folder, name)
        mode = "drwxr-xr-x" if self.machine.files.is_folder(path) else "-rw-r--r--"
        size = len(self.machine.files.read(path) or "") or 4096
        moment = datetime.fromtimestamp(self.machine.started, UTC)
        return f"{mode}    1 app      app      {size:9d} {moment:%b %e %H:%M} {name}\n"

    def _echo(self, arguments: list[str]) -> Outcome:
        return Outcome(" ".join(arguments) + "\n")

    def _env(self, arguments: list[str]) -> Outcome:
        if arguments:
            value = self.machine.environment.get(arguments[0])
            return Outcome(code=1) if value is None else Outcome(f"{value}\n")
        return Outcome("".join(f"{key}={value}\n" for key, value in sorted(self.machine.environment.items())))

    def _ps(self, _: list[str]) -> Outcome:
        rows = [(1, "app", self.machine.program), (42, "app", "sh"), (57, "app", "ps")]
        return Outcome("PID   USER     TIME  COMMAND\n" + "".join(f"{p:5d} {u:8} 0:00 {c}\n" for p, u, c in rows))

    def _df(self, _: list[str]) -> Outcome:
        return Outcome(
            "Filesystem           1K-blocks      Used Available Use% Mounted on\n"
            "overlay              103079200  31882764  71196436  31% /\n"
            "tmpfs                    65536         0     65536   0% /dev\n"
            "tmpfs                   524288        12    524276   0% /run/secrets/kubernetes.io/serviceaccount\n"
        )

    def _free(self, _: list[str]) -> Outcome:
        return Outcome(
            "              total        used        free      shared  buff/cache   available\n"
            "Mem:        8142640     3210448     1220712       14232     3711480     4656012\n"
        )

    def _date(self, _: list[str]) -> Outcome:
        return Outcome(f"{datetime.fromtimestamp(self.machine.now(), UTC):%a %b %e %H:%M:%S UTC %Y}\n")

    def _uptime(self, _: list[str]) -> Outcome:
        minutes = int(self.machine.now() - self.machine.started) // 60
        return Outcome(f"up {minutes // 60}:{minutes % 60:02d}, load average: 0.31, 0.28, 0.25\n")

    def _uname(self, arguments: list[str]) -> Outcome:
        everything = f"Linux {self.machine.hostname} 6.12.0-demo #1 SMP simulated x86_64 Linux"
        return Outcome(f"{everything if '-a' in arguments else 'Linux'}\n")

    def _exit(self, arguments: list[str]) -> Outcome:
        if arguments and not arguments[0].isdigit():
            return Outcome(err=f"sh: exit: illegal number: {arguments[0]}\n", code=2)
        self.finished = int(arguments[0]) % 256 if arguments else self.last
        return Outcome(code=self.finished)
