"""Whatever happens in which order, the messages add up: for viewers who come at any time and read at any speed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.live.readers import ClockedLoop, Reader, topic_by_hand

from headlamp.live.errors import ColumnsChangedError
from headlamp.live.frames import Payload
from headlamp.live.protocol import Cell, Column, State
from headlamp.live.reflector import Overall
from headlamp.live.timing import Timing
from headlamp.live.topic import Topic
from headlamp.live.window import WINDOW_FROM

COLUMNS = [
    tuple(Column(name, "string", "name" if name == "Name" else "", 0, "", False) for name in names)
    for names in (("Name", "Status"), ("Name", "Status", "Node"))
]
TIMING = Timing(batch=4.0, loading_batch=1.0)
TOPIC = st.sampled_from((0, 0, 0, 1))
WHO = st.integers(0, 3)
SOON = st.sampled_from((0.0, 1.0, 4.0))
ROWS = st.integers(0, 5)
MANY = st.sampled_from((600, 1100, 2100))


class LiveRows(RuleBasedStateMachine):
    """Two topics as their reflectors drive them, and viewers who look at one and change to the other."""

    window_from = WINDOW_FROM

    def __init__(self) -> None:
        super().__init__()
        self.loop = ClockedLoop()
        self.version = 0
        self.topics = [topic_by_hand(TIMING, self.loop.time, window_from=self.window_from) for _ in range(2)]
        self.readers: list[Reader] = []
        self.somebody_comes(0)

    def teardown(self) -> None:
        self._everything_settles()
        for topic in self.topics:
            self.loop.run_until_complete(topic.stop())
        self.loop.close()

    def _do(self, *steps: Callable[[], object]) -> None:
        """Do something where the product would do it: inside the running loop."""

        async def work() -> None:
            for step in steps:
                step()

        self.loop.run_until_complete(work())

    def _cells(self, topic: Topic, name: str) -> list[Cell]:
        self.version += 1
        return [name, *[str(self.version)] * (len(topic.table.columns or ()) - 1)]

    def _put(self, topic: Topic, names: Iterable[str]) -> None:
        def put() -> None:
            topic.table.define(topic.table.columns or COLUMNS[0])
            for name in names:
                topic.table.put(("a", name, self._cells(topic, name)), 0.0)
            topic.changed()

        self._do(put)

    # What reflectors do

    @rule(at=TOPIC, numbers=st.sets(ROWS, min_size=1), seconds=SOON)
    def rows_are_new_or_other(self, at: int, numbers: set[int], seconds: float) -> None:
        self._put(self.topics[at], [f"p{number}" for number in sorted(numbers)])
        self._pass(seconds)

    @rule(at=TOPIC, many=MANY)
    def very_many_rows_are_new_or_other(self, at: int, many: int) -> None:
        self._put(self.topics[at], [f"many-{number}" for number in range(many)])

    @rule(at=TOPIC, number=ROWS, seconds=SOON)
    def a_row_is_gone(self, at: int, number: int, seconds: float) -> None:
        table = self.topics[at].table
        self._do(lambda: table.remove("a", f"p{number}"), self.topics[at].changed)
        self._pass(seconds)

    @rule(at=TOPIC)
    def all_rows_are_gone(self, at: int) -> None:
        table = self.topics[at].table
        self._do(lambda: table.retain("a", set()), self.topics[at].changed)

    @rule(at=TOPIC, which=st.integers(0, 1))
    def the_columns_are_others(self, at: int, which: int) -> None:
        try:
            self.topics[at].table.define(COLUMNS[which])
        except ColumnsChangedError:
            self.all_is_read_again(at)
            self.topics[at].table.define(COLUMNS[which])

    @rule(at=TOPIC, state=st.sampled_from(("loading", "reconnecting")))
    def not_all_is_read_yet(self, at: int, state: str) -> None:
        self._do(lambda: self.topics[at].overall(Overall(state, self.loop.clock)))

    @rule(at=TOPIC, state=st.sampled_from(("live", "partial", "forbidden")))
    def all_is_read(self, at: int, state: str) -> None:
        self._do(lambda: self.topics[at].overall(Overall(state, self.loop.clock, loaded=True)))

    @rule(at=TOPIC)
    def all_is_read_again(self, at: int) -> None:
        self._do(self.topics[at].table.clear, self.topics[at].restarted)

    # What viewers do

    @rule(at=TOPIC)
    def somebody_comes(self, at: int) -> None:
        self._do(lambda: self.readers.append(Reader(self.topics[at])))

    @precondition(lambda self: self.readers)
    @rule(who=WHO)
    def somebody_leaves(self, who: int) -> None:
        reader = self.readers.pop(who % len(self.readers))
        reader.subscription.topic.subscriptions.discard(reader.subscription)
        self._do(reader.subscription.close)

    @precondition(lambda self: self.readers)
    @rule(who=WHO)
    def somebody_reads_no_more(self, who: int) -> None:
        self._reader(who).asleep = True

    @precondition(lambda self: self.readers)
    @rule(who=WHO, messages=st.integers(1, 4))
    def somebody_reads_slowly(self, who: int, messages: int) -> None:
        self._reader(who).asleep = True
        self._do(*[self._reader(who).read] * messages)

    @precondition(lambda self: self.readers)
    @rule(who=WHO)
    def somebody_reads_again(self, who: int) -> None:
        self._reader(who).asleep = False

    @invariant()
    def who_is_awake_reads(self) -> None:
        self._do(*[reader.read_all for reader in self.readers if not reader.asleep])

    @precondition(lambda self: self.readers)
    @rule(who=WHO)
    def somebody_is_held(self, who: int) -> None:
        reader = self._reader(who)
        reader.held = True
        reader.subscription.topic.subscriptions.discard(reader.subscription)
        state = Payload(State(0, "reconnecting", self.loop.clock, "The cluster does not answer."))
        self._do(lambda: reader.subscription.hold(state))

    @precondition(lambda self: self.readers)
    @rule(who=WHO)
    def somebody_is_released(self, who: int) -> None:
        self._do(self._reader(who).release)

    @precondition(lambda self: self.readers)
    @rule(who=WHO)
    def somebody_changes_to_the_other_reading(self, who: int) -> None:
        reader = self._reader(who)
        former = reader.subscription.topic
        topic = next(other for other in self.topics if other is not former)
        former.subscriptions.discard(reader.subscription)
        topic.subscriptions.add(reader.subscription)
        reader.held = False
        self._do(lambda: reader.subscription.move(topic))

    @rule(seconds=st.sampled_from((0.5, 1.0, 4.0)))
    def time_passes(self, seconds: float) -> None:
        self._pass(seconds)

    def _pass(self, seconds: float) -> None:
        """Let time pass. Timers that are due run in the next turn of the loop."""
        self.loop.clock += seconds
        self._do()
        self._do()

    def _reader(self, who: int) -> Reader:
        return self.readers[who % len(self.readers)]

    def _everything_settles(self) -> None:
        """Everybody reads on until nothing more comes: then everybody has what there is."""
        for at in range(len(self.topics)):
            self.all_is_read(at, "live")
        self._do(*[reader.release for reader in self.readers])
        self._pass(2 * TIMING.batch)
        self._do(*[reader.read_all for reader in self.readers])
        for reader in self.readers:
            table = reader.subscription.topic.table
            assert reader.client.rows == {(namespace, name): cells for namespace, name, cells in table}
            assert reader.client.synced
            assert reader.client.state == "live"


TestLiveRows = LiveRows.TestCase
TestLiveRows.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
