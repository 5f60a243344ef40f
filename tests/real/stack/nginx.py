"""nginx as a TLS ingress with the buffers that it comes with."""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass

from tests.real.stack.pki import Pki
from tests.real.stack.processes import Program, Workplace

READY_WITHIN_S = 10.0

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
    server_name localhost;
    ssl_certificate {cert};
    ssl_certificate_key {key};
    location / {{
      proxy_pass http://127.0.0.1:{upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """One server: https://localhost:PORT leads to the product's port."""

    place: Workplace
    binary: str
    pki: Pki
    port: int
    upstream: int

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def start(self) -> Program:
        serving = self.pki.server("nginx")
        folder = self.place.folder / "nginx"
        folder.mkdir(exist_ok=True)
        text = _CONFIG.format(
            folder=folder,
            user=getpass.getuser(),
            port=self.port,
            upstream=self.upstream,
            cert=serving.cert,
            key=serving.key,
        )
        config = self.place.write("nginx/nginx.conf", text)
        program = self.place.start("nginx", [self.binary, "-e", "stderr", "-c", config])
        program.wait_until(self._listens, within=READY_WITHIN_S)
        return program

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False
