"""A client of server-sent events that is no browser (HTML, section 9.2)."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import aiohttp


async def next_event(stream: aiohttp.ClientResponse) -> tuple[str, dict[str, Any]]:
    """The next event's name and message; comments are skipped. Raises `EOFError` at the end of the stream."""
    name, data = "message", ""
    async for line in stream.content:
        field, _, value = line.decode().rstrip("\n").partition(":")
        if field == "event":
            name = value
        elif field == "data":
            data += value
        elif not field and data:
            text = gzip.decompress(base64.b64decode(data)) if name == "gzip" else data
            return name, json.loads(text)
    raise EOFError


async def message_of(stream: aiohttp.ClientResponse, kind: str) -> dict[str, Any]:
    """The next message of a type, skipping others."""
    while True:
        _, message = await next_event(stream)
        if message.get("type") == kind:
            return message
