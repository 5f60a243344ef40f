"""The line discipline of a simulated terminal: echo, editing, history, and the keys that interrupt and end."""

from __future__ import annotations

import codecs
import re

from headlamp.demo.cluster.terminal.shell import Shell

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z~]|O[A-Za-z])")
_UNFINISHED_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*|O)?\Z")
_UP, _DOWN = ("\x1b[A", "\x1bOA"), ("\x1b[B", "\x1bOB")
_BACKSPACE = "\b \b"
_LONGEST_LINE = 4096


class Terminal:
    """Takes keys, gives back what the screen should show; the shell runs the lines."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._line = ""
        self._history: list[str] = []
        self._position = 0

    @property
    def finished(self) -> int | None:
        """The shell's exit code, once it has ended."""
        return self._shell.finished

    def start(self) -> str:
        return self._shell.prompt

    def feed(self, data: bytes) -> str:
        """Keys in, screen out."""
        text = self._pending + self._decoder.decode(data)
        self._pending = ""
        shown = ""
        position = 0
        while position < len(text) and self._shell.finished is None:
            if text[position] == "\x1b":
                if _UNFINISHED_ESCAPE.match(text, position):
                    self._pending = text[position:]
                    break
                match = _ESCAPE.match(text, position)
                shown += self._sequence(match[0]) if match else ""
                position = match.end() if match else position + 1
                continue
            # A pasted line end of two characters is one Enter.
            if text[position] == "\n" and position and text[position - 1] == "\r":
                position += 1
                continue
            shown += self._key(text[position])
            position += 1
        return shown

    def _key(self, key: str) -> str:
        match key:
            case "\r" | "\n":
                return self._enter()
            case "\x7f" | "\b":
                return self._erase(1)
            case "\x15":
                return self._erase(len(self._line))
            case "\x17":
                return self._erase(len(self._line) - len(self._line.rstrip().rpartition(" ")[0]))
            case "\x03":
                self._line = ""
                self._shell.last = 130
                return f"^C\r\n{self._shell.prompt}"
            case "\x04":
                return self._end() if not self._line else ""
            case "\x0c":
                return f"\x1b[H\x1b[2J{self._shell.prompt}{self._line}"
        if not key.isprintable() or len(self._line) >= _LONGEST_LINE:
            return ""
        self._line += key
        return key

    def _sequence(self, sequence: str) -> str:
        if sequence in _UP and self._position > 0:
            return self._recall(self._position - 1)
        if sequence in _DOWN and self._position < len(self._history):
            return self._recall(self._position + 1)
        return ""

    def _recall(self, position: int) -> str:
        erased = self._erase(len(self._line))
        self._position = position
        self._line = self._history[position] if position < len(self._history) else ""
        return erased + self._line

    def _erase(self, count: int) -> str:
        count = min(count, len(self._line))
        self._line = self._line[: len(self._line) - count]
        return _BACKSPACE * count

    def _enter(self) -> str:
        line, self._line = self._line, ""
        if line.strip() and self._history[-1:] != [line]:
            self._history.append(line)
        self._position = len(self._history)
        outcome = self._shell.run_line(line)
        shown = "\r\n" + (outcome.out + outcome.err).replace("\n", "\r\n")
        return shown if self._shell.finished is not None else shown + self._shell.prompt

    def _end(self) -> str:
        self._shell.run(["exit"])
        return "exit\r\n"
