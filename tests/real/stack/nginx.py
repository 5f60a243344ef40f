"""nginx as a TLS ingress with the buffers that it comes with."""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass

from tests.real.stack.pki import Pki
from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 60.0

_CONFIG = """\
# In the foreground, so that the process which the tests started is the one that they end.
daemon off;
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name {host};
    ssl_certificate {cert};
    ssl_certificate_key {key};
    location / {{
      proxy_pass {upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      {upgrade}
      proxy_set_header X-Forwarded-For $remote_addr;
      {forwarded_proto}
    }}
  }}
}}
"""


_UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;"


@dataclass
class Nginx:
    """One server: https://HOST:PORT leads to `upstream`, a URL.

    `forwarded_proto` is what it says about the scheme, "" for an administrator who forgot that header; so does without
    `upgrades` one who forgot those of WebSockets. Each has its own `name`, and by it a folder and a log.
    """

    place: Workplace
    binary: str
    pki: Pki
    port: int
    upstream: str
    host: str = "localhost"
    forwarded_proto: str = "$scheme"
    upgrades: bool = True
    name: str = "nginx"
    _program: Program | None = None

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}"

    def start(self) -> None:
        serving = self.pki.server(self.name, self.host)
        folder = self.place.folder / self.name
        folder.mkdir(exist_ok=True)
        header = f"proxy_set_header X-Forwarded-Proto {self.forwarded_proto};" if self.forwarded_proto else ""
        text = _CONFIG.format(
            folder=folder,
            user=getpass.getuser(),
            host=self.host,
            forwarded_proto=header,
            upgrade=_UPGRADE if self.upgrades else "",
            port=self.port,
            upstream=self.upstream,
            cert=serving.cert,
            key=serving.key,
        )
        config = self.place.write(f"{self.name}/nginx.conf", text)
        self._program = self.place.start(self.name, [self.binary, "-e", "stderr", "-c", config])
        self._program.wait_until(self._listens, within=READY_WITHIN_S)

    def stop(self) -> None:
        assert self._program is not None
        self._program.stop()

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False
