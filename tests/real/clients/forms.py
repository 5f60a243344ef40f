"""Finds the forms of an HTML page."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """Where it goes, and the fields with the values that they have."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    passwords: list[str] = field(default_factory=list)


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes.get("action", ""), attributes.get("method", "get").upper()))
        elif tag == "input" and self.forms and (name := attributes.get("name")):
            self.forms[-1].fields[name] = attributes.get("value", "")
            if attributes.get("type") == "password":
                self.forms[-1].passwords.append(name)


def password_form(html: str) -> Form | None:
    """The form of a page that asks for a password; None when no form does."""
    return next((form for form in _forms(html) if form.passwords), None)


def first_form(html: str) -> Form | None:
    """The first form of a page, whatever it asks for."""
    return next(iter(_forms(html)), None)


def _forms(html: str) -> list[Form]:
    finder = _Finder()
    finder.feed(html)
    return finder.forms
