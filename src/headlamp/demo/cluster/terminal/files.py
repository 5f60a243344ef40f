"""The files that a simulated container has."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

from headlamp.demo.cluster.jsontypes import Json, dig

_OS_RELEASE = 'PRETTY_NAME="A simulated container"\nNAME="pyheadlamp demo"\nID=demo\n'
_EMPTY_FOLDERS = ("/bin", "/home", "/proc", "/root", "/sys", "/tmp", "/usr", "/var/log")  # noqa: S108 - no real path


class Files:
    """A read-only tree: absolute path to content; folders are what stands above files."""

    def __init__(self, content: Mapping[str, str], folders: tuple[str, ...] = _EMPTY_FOLDERS) -> None:
        self._content = dict(content)
        self._folders = {"/"}
        for path in (*self._content, *(f"{folder}/." for folder in folders)):
            while (path := posixpath.dirname(path)) != "/":
                self._folders.add(path)

    def is_folder(self, path: str) -> bool:
        return path in self._folders

    def read(self, path: str) -> str | None:
        return self._content.get(path)

    def entries(self, folder: str) -> list[str]:
        """The names in a folder, sorted."""
        paths = (*self._content, *self._folders)
        return sorted({posixpath.basename(path) for path in paths if path != "/" and posixpath.dirname(path) == folder})


def resolve(folder: str, path: str) -> str:
    """An absolute path without dots."""
    return posixpath.normpath(posixpath.join(folder, path)).replace("//", "/")


def files_of(pod: Json, container: Json, config_map: Callable[[str], Mapping[str, str]]) -> Files:
    """The files of a container: what every one has, and the config maps that are mounted in it."""
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    address = dig(pod, "status", "podIP") or "127.0.0.1"
    content = {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n{address}\t{name}\n",
        "/etc/os-release": _OS_RELEASE,
        "/etc/resolv.conf": f"search {namespace}.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\n",
        "/app/README": "This container is simulated: nothing runs here, and nothing can break.\nTry `help`.\n",
        f"/app/bin/{container['name']}": "(a program)\n",
        "/var/run/secrets/kubernetes.io/serviceaccount/namespace": f"{namespace}\n",
    }
    sources = {
        volume["name"]: volume["configMap"]["name"]
        for volume in dig(pod, "spec", "volumes") or []
        if dig(volume, "configMap", "name")
    }
    for mount in container.get("volumeMounts") or []:
        for key, text in config_map(sources.get(mount["name"], "")).items():
            content[f"{mount['mountPath']}/{key}"] = text
    return Files(content)
