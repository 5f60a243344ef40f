"""Quantities as Kubernetes writes them ("250m", "128Mi", "1e3"), read and written.

The grammar is that of the API conventions (k8s.io/apimachinery/pkg/api/resource).
"""

from __future__ import annotations

import math
import re

from headlamp.live.extra.cells import Quantity

_QUANTITY = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+))(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d{1,3}))?", re.ASCII
)
_SUFFIX = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60}
_MAX_LENGTH = 64


def value_of(text: str | float | None) -> float | None:
    """The number that a quantity stands for; None for what is none, or is no finite number."""
    if text is None or isinstance(text, bool):
        return None
    match = _QUANTITY.fullmatch(str(text)) if len(str(text)) <= _MAX_LENGTH else None
    if match is None:
        return None
    factor = _SUFFIX.get(match[2] or "", _BINARY.get(match[2] or "", 1.0))
    try:
        value = float(match[1]) * factor * 10.0 ** int(match[3] or 0)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def quantity(value: float, resource: str) -> Quantity:
    """A quantity of `resource`: cores in thousandths, bytes in the largest fitting unit of 1024, all else as it is."""
    return Quantity(value, text_of(value, resource))


def text_of(value: float, resource: str) -> str:
    """How `value` of a resource is written."""
    if resource == "cpu":
        thousandths = round(value * 1000)
        return f"{thousandths // 1000}" if thousandths % 1000 == 0 else f"{thousandths}m"
    if resource == "memory" or "storage" in resource or resource.startswith("hugepages-"):
        return _bytes(value)
    return f"{value:.15g}"


def _bytes(value: float) -> str:
    for suffix, size in reversed(_BINARY.items()):
        if abs(value) >= size:
            count = value / size
            return f"{count:.0f}{suffix}" if count >= 100 or count == int(count) else f"{count:.1f}{suffix}"
    return f"{value:.0f}"
