"""Long lists whatever happens in which order: handed over, held back, read again, read slowly; windows add up too."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.unit.live.readers import Reader
from tests.unit.live.test_protocol_model import TIMING, TOPIC, WHO, LiveRows
from tests.unit.live.window_truth import Truth, truth

from headlamp.live.client_messages import ViewSpec
from headlamp.live.index import FACETS_SHOWN
from headlamp.live.protocol import Key

ROW = st.integers(0, 5)
VIEWS = st.builds(
    ViewSpec,
    number=st.just(1),
    filter=st.sampled_from(("", "p", "-p1", "p2", "status:1", "many-1", "nothing:here", "name=p3")),
    sort=st.sampled_from(("@urgent", "@namespace", "Name", "Status", "Node")),
    descending=st.booleans(),
    first=st.sampled_from((0, 2, 500)),
    count=st.integers(1, 8),
)
# Turns of the loop in which indexes of the rows here are built many times over.
MOST_TURNS = 5000


class Looker(Reader):
    """A reader who says what is in sight, and may ask where a row is."""

    view: ViewSpec | None = None
    sought: Key | None = None

    def look(self, view: ViewSpec) -> None:
        """Look at something else, or for the first time."""
        number = 1 if self.view is None else self.view.number + 1
        self.view = ViewSpec(number, view.filter, view.sort, view.descending, "", view.first, view.count)
        self.subscription.show(self.view)

    def seek(self, key: Key) -> None:
        """Ask where a row is."""
        self.sought = key
        self.client.located = None
        self.subscription.locate(key)


class LongLists(LiveRows):
    """The same, where lists of more than two rows come in windows to those who said what is in sight."""

    window_from = 2

    def __init__(self) -> None:
        super().__init__()
        for at in range(len(self.topics)):
            self.rows_are_new_or_other(at, {0, 1, 2, 3, 4, 5}, 4.0)
            self.all_is_read(at, "live")
        self.somebody_comes_with_a_view(0, ViewSpec(1, sort="Name", count=3))
        self.indexes_are_built_a_little_further(10)

    @rule(at=TOPIC)
    def somebody_comes(self, at: int) -> None:
        self.somebody_comes_with_a_view(at, ViewSpec(1, count=3))

    @rule(at=TOPIC, view=VIEWS)
    def somebody_comes_with_a_view(self, at: int, view: ViewSpec) -> None:
        def come() -> None:
            looker = Looker(self.topics[at])
            self.readers.append(looker)
            looker.look(view)

        self._do(come)

    @precondition(lambda self: self._lookers())
    @rule(who=WHO, view=VIEWS)
    def somebody_looks_at_something_else(self, who: int, view: ViewSpec) -> None:
        self._do(lambda: self._looker(who).look(view))

    @precondition(lambda self: self._lookers())
    @rule(who=WHO, number=ROW)
    def somebody_asks_where_a_row_is(self, who: int, number: int) -> None:
        self._do(lambda: self._looker(who).seek(("a", f"p{number}")))

    @rule(turns=st.sampled_from((1, 3, 10)))
    def indexes_are_built_a_little_further(self, turns: int) -> None:
        for _ in range(turns):
            self._do()

    def _lookers(self) -> list[Looker]:
        return [reader for reader in self.readers if isinstance(reader, Looker)]

    def _looker(self, who: int) -> Looker:
        lookers = self._lookers()
        return lookers[who % len(lookers)]

    def _everything_settles(self) -> None:
        for at in range(len(self.topics)):
            self.all_is_read(at, "live")
        self._do(*[reader.release for reader in self.readers])
        self._pass(2 * TIMING.batch)
        expected = {reader: self._expected(reader) for reader in self.readers}
        for _ in range(MOST_TURNS):
            self._do(*[reader.read_all for reader in self.readers])
            if all(_differences(reader, expected[reader]) == {} for reader in self.readers):
                break
        for reader in self.readers:
            assert _differences(reader, expected[reader]) == {}
            windowed = isinstance(reader, Looker) and len(reader.subscription.topic.table) > self.window_from
            assert reader.client.window is not None or not windowed

    def _expected(self, reader: Reader) -> Truth | None:
        if not isinstance(reader, Looker) or reader.view is None:
            return None
        table = reader.subscription.topic.table
        return truth(table, table.columns or (), reader.view, now=self.loop.clock)


def _differences(reader: Reader, expected: Truth | None) -> dict[str, tuple[object, object]]:
    """What a reader has, and what it should have, as far as that is not the same."""
    client, window = reader.client, reader.client.window
    pairs: dict[str, tuple[object, object]] = {"state": (client.state, "live"), "complete": (client.synced, True)}
    if isinstance(reader, Looker) and reader.sought:
        pairs["answered"] = (client.located is not None, True)
    if window is None or expected is None:
        table = reader.subscription.topic.table
        pairs["rows"] = (client.rows, {(namespace, name): cells for namespace, name, cells in table})
    else:
        assert isinstance(reader, Looker)
        assert reader.view is not None
        pairs["view"] = (window.view, reader.view.number)
        pairs["rows"] = (list(window.rows.items()), [(item.key, item.cells) for item in expected.rows])
        pairs["places"] = ((window.first, window.matching, window.total), expected.places)
        pairs["words"] = (len(window.words), min(len(expected.words or ()), FACETS_SHOWN))
        pairs["problem"] = (bool(window.problem), expected.has_problem)
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


TestLongLists = LongLists.TestCase
TestLongLists.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
