"""What the tests of live rows share: a page as a client would keep it, a viewer, a credential, fast timing."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import Bearer
from headlamp.clusters.transport import ClusterTransport
from headlamp.live.connection import serve_live
from headlamp.live.hub import Hub
from headlamp.live.timing import Timing
from headlamp.live.viewer import Access
from headlamp.problems import Problem

# Short are the times that tests wait for; long are those that are over when something is wrong: a machine that stands
# still for a few seconds must not bring that about.
FAST = Timing(
    batch=0.01,
    loading_batch=0.002,
    linger=0.03,
    first_pause=0.01,
    longest_pause=0.02,
    away_pause=0.02,
    expiry_lead=0.06,
    refused_pause=0.05,
    first_refusals=(0.01, 0.02),
    doubt=0.1,
    opening=60.0,
    silence=600.0,
    pulse=60.0,
    poll=0.02,
    send=60.0,
    answer=30.0,
    learn=30.0,
)


class FakeCredential:
    """A credential whose bearer tests replace."""

    def __init__(self, identity: str = "ann", token: str | None = "t1", expires_in: float | None = None) -> None:
        self.identity = identity
        self.ended = asyncio.Event()
        self.problem: Problem | None = None
        self.asked = 0
        self.tokens: list[str] = []
        self.set(token, expires_in)

    def set(self, token: str | None, expires_in: float | None = None) -> None:
        expires_at = None if expires_in is None else time.time() + expires_in
        self.bearer = None if token is None else Bearer(token, expires_at)

    async def current(self) -> Bearer | None:
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        if self.tokens:
            self.set(self.tokens.pop(0))
        return self.bearer


class FakeViewer:
    """One session with one cluster, "demo"."""

    def __init__(self, transport: ClusterTransport, credential: FakeCredential | None = None) -> None:
        self.ended = asyncio.Event()
        self.session: Hashable = self
        self.transport = transport
        self.credential = credential or FakeCredential()
        self.problem: Problem | None = None

    async def open(self, cluster_name: str) -> Access:
        await asyncio.sleep(0)
        if self.problem is not None:
            raise self.problem
        return Access(Cluster(cluster_name, cluster_name, "https://c"), self.transport, self.credential)


@dataclass
class View:
    """One subscription as a page keeps it. Reading a row of it checks that no message broke the protocol's order."""

    rows: dict[str, list[Any]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    name_column: int = 0
    states: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    synced: list[dict[str, Any]] = field(default_factory=list)
    resets: int = 0
    changes: int = 0

    @property
    def state(self) -> str:
        return str(self.states[-1]["state"]) if self.states else ""

    def statuses(self) -> dict[str, str]:
        return {key: cells[1] for key, cells in self.rows.items()}

    def take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "columns":
                self.columns = [column["name"] for column in message["columns"]]
                self.name_column = message["name_column"]
            case "rows":
                assert self.columns, "rows before columns"
                if message["reset"]:
                    self.resets += 1
                    self.rows.clear()
                assert self.resets, "rows before the first reset"
                for namespace, cells in message["rows"]:
                    assert len(cells) == len(self.columns)
                    self.rows[f"{namespace}/{cells[self.name_column]}"] = cells
            case "changes":
                self.changes += 1
                for namespace, cells in message.get("set", ()):
                    self.rows[f"{namespace}/{cells[self.name_column]}"] = cells
                for namespace, name in message.get("gone", ()):
                    self.rows.pop(f"{namespace}/{name}", None)
            case "synced":
                assert message["count"] == len(self.rows)
                self.synced.append(message)
            case "state":
                self.states.append(message)
            case "error":
                self.errors.append(message)


class Page:
    """A tab: a `Channel` for the server, and what a script would make of the messages."""

    new_view: type[View] = View

    def __init__(self) -> None:
        self.views: dict[int, View] = {}
        self.messages: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.stuck: asyncio.Event | None = None
        self.frames: list[str | bytes] = []
        self._inbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def connect(self, viewer: FakeViewer, hub: Hub) -> Page:
        self._task = asyncio.create_task(serve_live(self, viewer, hub))
        return self

    async def disconnect(self) -> None:
        self._inbox.put_nowait(None)
        await self.served()

    async def served(self) -> None:
        assert self._task is not None
        await self._task

    def say(self, message: Any) -> None:
        self._inbox.put_nowait(message if isinstance(message, str) else json.dumps(message))

    def subscribe(self, number: int, plural: str = "pods", **more: Any) -> View:
        resource = {"group": "", "version": "v1", "plural": plural, "namespaced": more.pop("namespaced", True)}
        message = {"type": "subscribe", "id": number, "cluster": "demo", "resource": resource, "namespaces": None}
        self.say(message | {"label_selector": "", "field_selector": ""} | more)
        return self.views.setdefault(number, self.new_view())

    def post(self, frame: str | bytes) -> bool:
        if self.stuck is not None and not self.stuck.is_set():
            return False
        self.frames.append(frame)
        self._take(json.loads(frame if isinstance(frame, str) else gzip.decompress(frame)))
        return True

    async def send(self, frame: str | bytes) -> None:
        if self.stuck is not None:
            await self.stuck.wait()
        assert self.post(frame)

    async def receive(self) -> str | None:
        return await self._inbox.get()

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if "id" in message:
            self.views.setdefault(message["id"], self.new_view()).take(message)


# While the machine stands still, nothing that is waited for goes on either.
_FEWEST_LOOKS = 1000


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds. Raises `TimeoutError` when it does not in so many seconds, and as many looks."""
    loop = asyncio.get_running_loop()
    end, looks = loop.time() + seconds, 0
    while not condition():
        looks += 1
        if loop.time() > end and looks > _FEWEST_LOOKS:
            raise TimeoutError
        await asyncio.sleep(0.002)
