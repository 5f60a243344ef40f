"""Whoever can't be reviewed for a moment is reviewed again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, Page, until
from tests.unit.live.people_apiserver import PeopleApiServer

from headlamp.live.hub import Hub
from headlamp.live.viewer import Access

TIMING = replace(FAST, review=0.05, granted=0.1, review_pause=0.02, answer=30.0)


class FaultyViewer(FakeViewer):
    """A session with a fault of ours in it, while `faulty`."""

    faulty = False

    async def open(self, cluster_name: str) -> Access:
        if self.faulty:
            raise RuntimeError("nobody has thought of this")
        return await super().open(cluster_name)


async def test_after_a_fault_of_ours_somebody_is_reviewed_again(caplog: pytest.LogCaptureFixture) -> None:
    api = PeopleApiServer()
    api.namespace("a")
    api.put("pods", "a", "p", "Running", "0", "5m")
    hub = Hub(between_users=True, timing=TIMING, random=lambda: 0.5)
    viewers = []
    for token, name in (("t1", "ann"), ("t2", "bob")):
        api.viewer_of_all(token, name)
        viewers.append(FaultyViewer(api, FakeCredential(f"session of {token}", token)))
    pages = [Page().connect(viewer, hub) for viewer in viewers]
    ann, bob = (page.subscribe(1, namespaces=["a"]) for page in pages)
    await until(lambda: all(view.state == "live" and view.synced for view in (ann, bob)))
    viewers[1].faulty = True
    await until(lambda: bob.state == "reconnecting" and any(record.exc_info for record in caplog.records))
    assert "does not answer" in bob.states[-1]["message"]
    viewers[1].faulty = False
    api.put("pods", "a", "later", "Running", "0", "0s")
    await until(lambda: bob.state == "live" and bob.statuses() == api.keys("pods"))
    for page in pages:
        await page.disconnect()
    await hub.close()
