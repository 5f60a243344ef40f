"""What is wrong with the settings, all of it at once."""

from __future__ import annotations

from collections.abc import Sequence

from headlamp.problems import Problem


class SettingsError(Problem):
    """The program can't start with these settings. `lines` has one sentence for each thing that is wrong.

    No line ever holds the value of a secret, nor a value that could be a misplaced one.
    """

    code = "settings.invalid"
    title = "The settings can't be used"
    remedy = "Correct the settings that are named. `headlamp serve --help` explains each of them."

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))
