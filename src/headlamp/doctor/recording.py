"""The relying party's own HTTP client with a record of the answers: what it sees is what people's sign-ins see."""

from __future__ import annotations

from typing import Any

from headlamp.oidc.http import Answer, Http


class RecordingHttp:
    """An `Http` that keeps the last answer of each address."""

    def __init__(self, inner: Http) -> None:
        self._inner = inner
        self.answers: dict[str, Answer] = {}

    async def fetch(self, url: str, **options: Any) -> Answer:
        """See `Http.fetch`."""
        self.answers.pop(url, None)
        answer = await self._inner.fetch(url, **options)
        self.answers[url] = answer
        return answer

    async def close(self) -> None:
        """Give the connections back."""
        await self._inner.close()
