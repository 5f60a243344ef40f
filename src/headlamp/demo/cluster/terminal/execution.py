"""Exec: the command that was asked for, with its streams on the channels of a WebSocket."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from headlamp.demo.cluster import kinds, status
from headlamp.demo.cluster.jsontypes import Json, dig
from headlamp.demo.cluster.logs import find_run
from headlamp.demo.cluster.store import Store
from headlamp.demo.cluster.terminal.channels import CLOSE, STDERR, STDIN, STDOUT, Channels
from headlamp.demo.cluster.terminal.files import files_of
from headlamp.demo.cluster.terminal.lines import Terminal
from headlamp.demo.cluster.terminal.shell import Machine, Outcome, Shell

_SHELLS = ("sh", "bash", "ash")
# `sh -c "… && exec bash || exec sh"`: how pages and tools ask for the best shell that a container has.
_BECOMES_A_SHELL = re.compile(r"(?:^|\s)exec\s+(?:\S*/)?(?:ba|a)?sh(?:\s+-\w+)*\s*$")


@dataclass(frozen=True, slots=True)
class ExecOptions:
    """What an exec request asks for."""

    command: tuple[str, ...]
    container: str = ""
    stdin: bool = False
    tty: bool = False


def machine_for(store: Store, pod: Json, container_name: str, now: Callable[[], float]) -> Machine:
    """What the command finds in the container. Raises the API's 400 when it is not running."""
    run = find_run(pod, container_name, previous=False)
    if run.ended is not None:
        raise status.bad_request(f'unable to upgrade connection: container not found ("{run.container}")')
    containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]
    container = next(one for one in containers if one["name"] == run.container)
    namespace = pod["metadata"]["namespace"]

    def config_map(name: str) -> dict[str, str]:
        stored = store.get(kinds.CONFIG_MAPS, namespace, name)
        return dict(stored.load().get("data") or {}) if stored else {}

    environment = {
        "HOME": "/home/app",
        "HOSTNAME": pod["metadata"]["name"],
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "POD_IP": dig(pod, "status", "podIP") or "",
        **{entry["name"]: entry["value"] for entry in container.get("env") or [] if "value" in entry},
    }
    return Machine(
        files=files_of(pod, container, config_map),
        environment=environment,
        program=f"/app/bin/{container['name']}",
        hostname=pod["metadata"]["name"],
        started=run.started,
        now=now,
    )


async def execute(channels: Channels, machine: Machine, options: ExecOptions) -> None:
    """Run the command to its end, or until the client goes."""
    # An empty frame tells the client that the connection stands before anything is written.
    await channels.send(STDOUT, b"")
    shell = Shell(machine)
    name, *rest = options.command
    is_shell = posixpath.basename(name) in _SHELLS
    script = " ".join(rest[rest.index("-c") + 1 :]) if is_shell and "-c" in rest else ""
    if script and options.tty and _BECOMES_A_SHELL.search(script):
        await _interact(channels, Terminal(shell))
    elif script:
        await _finish(channels, shell.run_line(script), options)
    elif is_shell and options.tty:
        await _interact(channels, Terminal(shell))
    elif is_shell:
        await _read_script(channels, shell, options)
    elif name == "cat" and not rest and options.stdin:
        await _copy(channels)
    else:
        await _finish(channels, shell.run(list(options.command)), options)


async def _finish(channels: Channels, outcome: Outcome, options: ExecOptions) -> None:
    await _show(channels, outcome, options)
    await channels.end(outcome.code)


async def _show(channels: Channels, outcome: Outcome, options: ExecOptions) -> None:
    if options.tty:
        # A terminal has one stream, and wants carriage returns.
        await channels.send(STDOUT, (outcome.out + outcome.err).replace("\n", "\r\n").encode())
        return
    if outcome.out:
        await channels.send(STDOUT, outcome.out.encode())
    if outcome.err:
        await channels.send(STDERR, outcome.err.encode())


async def _interact(channels: Channels, terminal: Terminal) -> None:
    await channels.send(STDOUT, terminal.start().encode())
    while terminal.finished is None:
        frame = await channels.receive()
        if frame is None:
            return
        if frame.channel == STDIN and (shown := terminal.feed(frame.data)):
            await channels.send(STDOUT, shown.encode())
    await channels.end(terminal.finished)


async def _read_script(channels: Channels, shell: Shell, options: ExecOptions) -> None:
    rest = b""
    while options.stdin and shell.finished is None:
        frame = await channels.receive()
        if frame is None:
            return
        if frame.channel == CLOSE:
            break
        if frame.channel != STDIN:
            continue
        *lines, rest = (rest + frame.data).split(b"\n")
        for line in lines:
            await _show(channels, shell.run_line(line.decode(errors="replace")), options)
    if rest and shell.finished is None:
        await _show(channels, shell.run_line(rest.decode(errors="replace")), options)
    await channels.end(shell.last if shell.finished is None else shell.finished)


async def _copy(channels: Channels) -> None:
    while (frame := await channels.receive()) is not None and frame.channel != CLOSE:
        if frame.channel == STDIN and frame.data:
            await channels.send(STDOUT, frame.data)
    if frame is not None:
        await channels.end(0)
