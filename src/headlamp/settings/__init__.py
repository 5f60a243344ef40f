"""Every flag and environment variable, declared once in one table: parsing, help, docs and checks come from it.

This is the only room that reads the environment.
"""

from headlamp.settings.errors import SettingsError
from headlamp.settings.help import help_text
from headlamp.settings.loading import Loaded, load, parse
from headlamp.settings.secret import Secret
from headlamp.settings.table import Settings

__all__ = ["Loaded", "Secret", "Settings", "SettingsError", "help_text", "load", "parse"]
