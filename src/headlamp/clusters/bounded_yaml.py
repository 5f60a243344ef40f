"""YAML from files that we did not write: bounded in size, depth and what its aliases unfold to."""

from __future__ import annotations

from typing import Any

import yaml

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 200_000


class _Loader(yaml.SafeLoader if not yaml.__with_libyaml__ else yaml.CSafeLoader):  # type: ignore[misc]
    """The safe loader without timestamps: Kubernetes' own reader takes `2024-01-01` for text, as JSON would."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(content: bytes) -> Any:
    """Parse one YAML document.

    Raises `ValueError` with the reason (and line) when it is not YAML, longer than `MAX_BYTES`, nested deeper than
    `MAX_DEPTH`, or of more than `MAX_NODES` values after its aliases are unfolded.
    """
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // (1024 * 1024)} MiB")
    try:
        _check_bounds(content)
        return _construct(content)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"it is not valid YAML: {line}{error.problem or 'syntax error'}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError("it is not valid YAML: it holds bytes that are not text") from error


def _construct(content: bytes) -> Any:
    try:
        return yaml.load(content, Loader=_Loader)  # noqa: S506 (a safe loader)
    except (ValueError, AttributeError, LookupError) as error:
        # The library's own way of saying that `!!bool perhaps` is none.
        raise ValueError("it is not valid YAML: it holds a value that is not of the type that it has") from error


def _check_bounds(content: bytes) -> None:
    """Walk the parser's events, which needs no recursion and unfolds nothing, and count what a loader would make."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(content, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ValueError("an alias names a value that holds it, or that is not there")
            total += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(open_nodes) >= MAX_DEPTH:
                raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
            open_nodes.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = total - before
        if total > MAX_NODES:
            raise ValueError(f"it holds more than {MAX_NODES} values")
