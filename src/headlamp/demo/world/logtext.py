"""What containers write to their logs: lines that fit the program, each decided by its number alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from headlamp.demo.chance import seeded
from headlamp.demo.cluster.logs import Line, Run

# A container runtime rotates logs away; older lines than these are gone.
_KEPT = 3000
_Line: TypeAlias = Callable[[random.Random, Run, float], str]


@dataclass(frozen=True, slots=True)
class Style:
    """How a program writes: what it says at its start, then a line about every `interval` seconds, and at a bad end."""

    interval: float
    beginning: tuple[str, ...]
    line: _Line
    ending: tuple[str, ...] = ('level=error msg="unhandled error, exiting" exit_code=1',)


class Author:
    """The scribe of the demo: any part of any log can be asked for at any time, and is the same each time."""

    def lines(self, run: Run, after: float, until: float) -> list[Line]:
        style = style_of(run.image)
        begun = [
            Line(run.started + 0.05 * (position + 1), text.format(run=run))
            for position, text in enumerate(style.beginning)
        ]
        end = until if run.ended is None else min(until, run.ended)
        last = int((end - run.started) / style.interval)
        first = max(1, last - _KEPT, int((after - run.started) / style.interval) - 1)
        steady = (self._steady(style, run, number) for number in range(first, last + 1))
        written = [line for line in (*(begun if first == 1 else ()), *steady) if line.at <= end]
        if run.ended is not None and run.reason == "Error" and until >= run.ended:
            written += [Line(run.ended, text.format(run=run)) for text in style.ending]
        elif run.ended is not None and run.reason == "Completed" and until >= run.ended:
            written.append(Line(run.ended, 'level=info msg="done"'))
        return [line for line in written if line.at > after]

    def _steady(self, style: Style, run: Run, number: int) -> Line:
        chance = seeded(run.uid, run.container, run.number, number)
        at = run.started + style.interval * (number + 0.9 * chance.random())
        return Line(at, style.line(chance, run, at))


def style_of(image: str) -> Style:
    """The style of an image's program; a service's when it is not a known one."""
    for part, style in _STYLES:
        if part in image:
            return style
    return _SERVICE


def _service(chance: random.Random, run: Run, _: float) -> str:
    path = chance.choice((f"/v1/{run.namespace}/{chance.randint(1000, 9999)}", f"/v1/{run.namespace}", "/v1/prices"))
    took = int(chance.lognormvariate(3, 0.9))
    trace = f"{chance.getrandbits(32):08x}"
    draw = chance.random()
    if draw < 0.03:
        return f'level=error msg="upstream timed out" path={path} after=2s attempt=3 trace={trace}'
    if draw < 0.09:
        return f'level=warn msg="slow request" path={path} took={took + 800}ms trace={trace}'
    if draw < 0.14:
        return f'level=info msg="cache refreshed" entries={chance.randint(200, 9000)} took={took}ms'
    method, status = chance.choice((("GET", 200), ("GET", 200), ("GET", 304), ("POST", 201), ("GET", 404)))
    return f"level=info method={method} path={path} status={status} took={took}ms trace={trace}"


def _proxy(chance: random.Random, run: Run, at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    client = f"203.0.113.{chance.randint(1, 254)}"
    status = chance.choice((200, 200, 200, 200, 204, 301, 404, 502))
    size = chance.randint(120, 48_000)
    return f'{client} - [{moment:%d/%b/%Y:%H:%M:%S +0000}] "GET /{run.namespace}/ HTTP/2" {status} {size} {run.pod}'


def _postgres(chance: random.Random, _: Run, at: float) -> str:
    moment = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}.{int(at * 1000) % 1000:03d} UTC"
    pid = chance.randint(40, 900)
    if chance.random() < 0.2:
        took = chance.uniform(1000, 4000)
        return f"{moment} [{pid}] LOG:  duration: {took:.3f} ms  plan: Seq Scan on orders"
    buffers = chance.randint(20, 900)
    return chance.choice(
        (
            f"{moment} [27] LOG:  checkpoint starting: time",
            f"{moment} [27] LOG:  checkpoint complete: wrote {buffers} buffers; sync=0.004 s",
            f"{moment} [{pid}] LOG:  connection authorized: user=app database=app",
            f"{moment} [{pid}] LOG:  disconnection: session time: 0:00:{chance.randint(10, 59)}",
        )
    )


def _redis(chance: random.Random, _: Run, at: float) -> str:
    moment = f"{datetime.fromtimestamp(at, UTC):%d %b %Y %H:%M:%S}.{int(at * 1000) % 1000:03d}"
    text = chance.choice(
        (
            f"{chance.randint(100, 999)} changes in 60 seconds. Saving...",
            f"Background saving started by pid {chance.randint(100, 9999)}",
            "DB saved on disk",
            "Background saving terminated with success",
        )
    )
    return f"1:M {moment} * {text}"


def _kafka(chance: random.Random, _: Run, at: float) -> str:
    moment = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S},{int(at * 1000) % 1000:03d}"
    topic = chance.choice(("orders", "clicks", "stock-changes", "mails"))
    partition, offset = chance.randint(0, 11), chance.randint(100_000, 9_000_000)
    return f"[{moment}] INFO [UnifiedLog partition={topic}-{partition}] Rolled new log segment at offset {offset}"


def _controller(chance: random.Random, run: Run, at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    head = f"{moment:%m%d %H:%M:%S}.{int(at * 1_000_000) % 1_000_000:06d}       1"
    if chance.random() < 0.08:
        return f'W{head} reflector.go:341] "Watch closed, starting again" component="{run.app}"'
    return f'I{head} controller.go:{chance.randint(100, 400)}] "Reconciled" object="{run.namespace}/{run.app}"'


def _job(chance: random.Random, _: Run, __: float) -> str:
    return f'level=info msg="batch written" rows={chance.randint(200, 5000)} took={chance.randint(80, 900)}ms'


_SERVICE = Style(
    1.3,
    (
        'level=info msg="starting" service={run.app} pod={run.pod}',
        'level=info msg="configuration read" file=/etc/app/application.yaml',
        'level=info msg="listening" address=0.0.0.0:8080',
    ),
    _service,
    (
        'level=error msg="model file is damaged: checksum does not match" file=/data/model.bin',
        'level=fatal msg="cannot start without a model" exit_code=1',
    ),
)
_STYLES: tuple[tuple[str, Style], ...] = (
    ("postgres", Style(4.0, ("PostgreSQL init process complete; ready for start up.",), _postgres)),
    ("redis", Style(6.0, ("1:M * Server initialized", "1:M * Ready to accept connections tcp"), _redis)),
    ("kafka", Style(3.0, ("[KafkaServer id=1] started",), _kafka)),
    ("proxy", Style(0.9, ("starting main dispatch loop",), _proxy)),
    ("ingress", Style(0.5, ("Starting ingress controller",), _proxy)),
    (
        "migrate",
        Style(
            9.0,
            ('level=info msg="connecting" database=stock-db',),
            _job,
            ('level=error msg="migration 0042 failed: column already exists"',),
        ),
    ),
    ("reconciliation", Style(1.1, ('level=info msg="starting" job={run.app}',), _job)),
    ("sitemap", Style(1.1, ('level=info msg="starting" job={run.app}',), _job)),
    ("stock-take", Style(1.1, ('level=info msg="starting" job={run.app}',), _job)),
    ("daily-figures", Style(1.1, ('level=info msg="starting" job={run.app}',), _job)),
    ("registry.k8s.io", Style(5.0, ("Starting {run.app}",), _controller)),
    ("certs", Style(5.0, ("Starting {run.app}",), _controller)),
    ("network/agent", Style(5.0, ("Starting {run.app}",), _controller)),
    ("prometheus", Style(7.0, ("Starting {run.app}",), _controller)),
)
