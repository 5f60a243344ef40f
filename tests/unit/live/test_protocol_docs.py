"""The examples in `docs/live.md` are the messages that the code reads and writes, to the letter."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from headlamp.live.client_messages import ClientMessage, decode_client
from headlamp.live.protocol import VERSION, ServerMessage, encode

DOCUMENT = (Path(__file__).parents[3] / "docs" / "live.md").read_text()
EXAMPLES = re.findall(r"^```json (client|server)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
MESSAGES = [(side, line) for side, block in EXAMPLES for line in block.strip().splitlines()]


@pytest.mark.parametrize(("side", "text"), MESSAGES)
def test_an_example_is_decoded_and_encoded_without_loss(side: str, text: str) -> None:
    message = decode_client(text) if side == "client" else msgspec.json.decode(text, type=ServerMessage)
    assert json.loads(encode(message)) == json.loads(text)


def test_every_message_has_an_example() -> None:
    shown = {json.loads(text)["type"] for _, text in MESSAGES}
    structs = (*ClientMessage.__args__, *ServerMessage.__args__)
    assert shown == {struct.__struct_config__.tag for struct in structs}


def test_the_document_is_of_the_version_that_the_code_speaks() -> None:
    assert f"version {VERSION}" in DOCUMENT.splitlines()[0]
