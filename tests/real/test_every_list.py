"""Every list that the API server has, live, against what `kubectl get -A -o wide` prints: cell by cell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.real.clients.browser import Browser
from tests.real.clients.comparison import differences
from tests.real.clients.kubectl import Kubectl
from tests.real.clients.live import LiveList, live
from tests.real.stack.admin import Admin
from tests.real.stack.apiserver import ApiServer
from tests.real.stack.every_kind import GONE, NAMESPACE, SHIP_DEFINITION, SHIPS, changed, objects
from tests.real.stack.kwok import PodLog
from tests.real.stack.people import ALICE
from tests.real.stack.product import Product
from tests.real.stack.releases import RELEASES

SERVED_WITHIN_S = 30.0
READ_WITHIN_S = 60.0
# Pods start and controllers write: so long until kubectl and the live lists have seen the same.
AGREE_WITHIN_S = 60.0
LOOK_AGAIN_S = 2.0
MOST_TOLD = 5


@dataclass(frozen=True)
class Kind:
    """A kind as discovery tells of it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool

    @property
    def resource(self) -> dict[str, Any]:
        """What a subscription names it by."""
        return {"group": self.group, "version": self.version, "plural": self.plural, "namespaced": self.namespaced}

    @property
    def full_name(self) -> str:
        """What kubectl knows it by, and no other."""
        return f"{self.plural}.{self.version}.{self.group}"

    @property
    def prefix(self) -> str:
        """What kubectl puts before names when it prints several kinds."""
        return f"{self.kind.lower()}.{self.group}".rstrip(".")

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}".lstrip("/")


@pytest.mark.parametrize("cluster", RELEASES, indirect=True, ids=str)
async def test_every_list_says_what_kubectl_prints_at_rest_and_after_churn(
    api_server: ApiServer,
    pod_log: PodLog,
    product: Product,
    browser: Browser,
    kubectl: Kubectl,
    record_property: Callable[[str, object], None],
) -> None:
    admin = api_server.admin
    await kubectl.apply([SHIP_DEFINITION])
    await kubectl("wait", "--for=condition=Established", f"crd/{SHIPS}", f"--timeout={SERVED_WITHIN_S:.0f}s")
    kinds = await asyncio.to_thread(lambda: list(_listed_kinds(admin)))
    served = {(kind.api_version, kind.kind) for kind in kinds}
    await kubectl.apply(one for one in objects() if (one["apiVersion"], one["kind"]) in served)

    await browser.sign_in(product.url, ALICE)
    async with live(browser, product.url) as connection:
        lists = {kind: await connection.subscribe(kind.resource) for kind in kinds}
        await connection.until(lambda: all(one.synced for one in lists.values()), within=READ_WITHIN_S)
        await _agree(kubectl, lists)

        await kubectl.apply(one for one in changed() if (one["apiVersion"], one["kind"]) in served)
        for name in GONE:
            await kubectl("delete", name, f"--namespace={NAMESPACE}", "--wait=false")
        await _agree(kubectl, lists)
        assert not [fault for one in lists.values() for fault in one.faults]
        await connection.until(lambda: all(one.state == "live" for one in lists.values()), within=READ_WITHIN_S)
        filled = [len(one.rows) for one in lists.values() if one.rows]
    record_property("every list", f"{len(kinds)} kinds, {len(filled)} of them with rows, {sum(filled)} rows")


async def _agree(kubectl: Kubectl, lists: dict[Kind, LiveList]) -> None:
    """Look until kubectl and the live lists have seen the same; objects change while it prints."""
    deadline = asyncio.get_running_loop().time() + AGREE_WITHIN_S
    while True:
        printed = await kubectl.get_wide(kind.full_name for kind in lists)
        # What changed just before is on its way.
        await asyncio.sleep(LOOK_AGAIN_S)
        found = {
            kind.full_name: list(differences(rows, printed.get(kind.prefix)))[:MOST_TOLD]
            for kind, rows in lists.items()
        }
        if not any(found.values()) or asyncio.get_running_loop().time() > deadline:
            wrong = [f"{kind}: {one}" for kind, told in found.items() for one in told]
            assert not wrong, "\n".join(wrong)
            return


def _listed_kinds(admin: Admin) -> Iterator[Kind]:
    """All that can be listed, in the version that the API server prefers."""
    preferred = [group["preferredVersion"]["groupVersion"] for group in admin.get("/apis")["groups"]]
    for path in ("/api/v1", *(f"/apis/{version}" for version in preferred)):
        found = admin.get(path)
        group, _, version = found["groupVersion"].rpartition("/")
        for one in found["resources"]:
            if "/" not in one["name"] and "list" in one["verbs"]:
                yield Kind(group, version, one["name"], one["kind"], one["namespaced"])
