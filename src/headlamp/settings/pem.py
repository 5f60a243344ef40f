"""PEM texts as they are written (RFC 7468)."""

from __future__ import annotations


def pem_text(content: bytes) -> str:
    """A PEM file as the ASCII that TLS libraries want.

    Whatever is not ASCII stands between the blocks (section 5.2): bundles name their authorities there, and not all
    of those have English names. A file that is no PEM becomes a text without any block.
    """
    return content.decode("ascii", errors="ignore")
