"""`FakeApiServer` with people in it: tokens, rights by user, and the self-subject reviews."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy
from tests.unit.live.fake_apiserver import FakeApiServer, FakeResponse, Fault, status_body

from headlamp.clusters.transport import UpstreamResponse

WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
MAY = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
BOTH = ("list", "watch")


@dataclass
class Person:
    """A user as the cluster knows them. `rights` are (verb, plural, namespace), with None for all namespaces."""

    name: str
    groups: list[str] = field(default_factory=lambda: ["system:authenticated"])
    extra: dict[str, list[str]] = field(default_factory=dict)
    rights: set[tuple[str, str, str | None]] = field(default_factory=set)

    def allow(self, plural: str, *namespaces: str | None, verbs: tuple[str, ...] = BOTH) -> Person:
        """Give rights; without namespaces in all of them."""
        self.rights |= {(verb, plural, namespace) for verb in verbs for namespace in (namespaces or (None,))}
        return self

    def may(self, verb: str, plural: str, namespace: str | None) -> bool:
        """As RBAC decides it."""
        return bool(self.rights & {(verb, plural, None), (verb, plural, namespace)})


@dataclass
class Review:
    """A question that was asked: with which token, about what."""

    token: str
    path: str
    attributes: dict[str, str]


class PeopleApiServer(FakeApiServer):
    """`people` by token: whoever else asks is answered with 401."""

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Person] = {}
        self.reviews: list[Review] = []
        self.answer_review: Callable[[Review], tuple[int, bytes] | None] = lambda _: None
        """Answers a review in its own way; None: as the rights are."""
        self.slow: asyncio.Event | None = None
        self.quick: set[str] = set()
        """The tokens whose reviews are not kept waiting for `slow`."""

    def person(self, token: str, name: str, **more: Any) -> Person:
        """Somebody who may see nothing yet."""
        made = self.people[token] = Person(name, **more)
        return made

    def viewer_of_all(self, token: str, name: str, *plurals: str, **more: Any) -> Person:
        """Somebody who may see kinds in all namespaces, and the namespaces."""
        made = self.person(token, name, **more)
        for plural in ("namespaces", *(plurals or ("pods",))):
            made.allow(plural)
        return made

    def asked_by(self, token: str) -> list[Review]:
        """The reviews of one token."""
        return [review for review in self.reviews if review.token == token]

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None = None,
        stream: bool = False,
    ) -> AbstractAsyncContextManager[UpstreamResponse]:
        if method == "POST":
            assert isinstance(body, bytes)
            return self._review(path, headers, json.loads(body))
        return super().request(method, path, headers=headers, body=body, stream=stream)

    @asynccontextmanager
    async def _review(self, path: str, headers: Mapping[str, str], body: dict[str, Any]) -> AsyncIterator[FakeResponse]:
        await asyncio.sleep(0)
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        review = Review(token, path, body.get("spec", {}).get("resourceAttributes", {}))
        self.reviews.append(review)
        if self.slow is not None and token not in self.quick:
            await self.slow.wait()
        code, content = self.answer_review(review) or self._truth(review)
        yield FakeResponse(code, CIMultiDictProxy(CIMultiDict()), _once(content))

    def _truth(self, review: Review) -> tuple[int, bytes]:
        person = self.people.get(review.token)
        if person is None:
            return 401, status_body(401, "Unauthorized", "Unauthorized")
        if review.path == WHO:
            user = {"username": person.name, "groups": person.groups, "extra": person.extra}
            return 201, json.dumps({"kind": "SelfSubjectReview", "status": {"userInfo": user}}).encode()
        asked = review.attributes
        allowed = person.may(asked["verb"], asked["resource"], asked.get("namespace"))
        return 201, json.dumps({"kind": "SelfSubjectAccessReview", "status": {"allowed": allowed}}).encode()

    def _refusal(
        self, plural: str, namespace: str | None, query: dict[str, str], headers: Mapping[str, str]
    ) -> Fault | None:
        person = self.people.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if person is None:
            return 401, {}, status_body(401, "Unauthorized", "Unauthorized")
        verb = "watch" if "watch" in query else "list"
        if not person.may(verb, plural, namespace):
            place = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
            message = f'{plural} is forbidden: User "{person.name}" cannot {verb} resource "{plural}" {place}'
            return 403, {}, status_body(403, message, "Forbidden")
        return super()._refusal(plural, namespace, query, headers)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
