"""A web server and a mail server on loopback that keep what they are sent."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Web:
    """Answers every POST with `status` and `answer`; `wait` holds answers back until it is set."""

    port: int = 0
    status: int = 200
    answer: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    wait: Event | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    sent_headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def web() -> Iterator[Web]:
    """A web server."""
    kept = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            kept.sent_headers.append(dict(self.headers.items()))
            if kept.wait is not None:
                kept.wait.wait(60)
            self.send_response(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(kept.answer)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_address[1]
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield kept
        if kept.wait is not None:
            kept.wait.set()
        server.shutdown()


@dataclass
class Mail:
    """Takes every message, refuses the recipients of `refused`."""

    port: int = 0
    refused: set[str] = field(default_factory=set)
    messages: list[EmailMessage] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


@contextmanager
def mail() -> Iterator[Mail]:
    """A mail server without TLS."""
    kept = Mail()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                kept.commands.append(line)
                verb = line.split()[0].upper()
                if verb == "EHLO":
                    self._say("250-test")
                    self._say("250 AUTH PLAIN")
                elif verb == "AUTH":
                    self._say("235 ok")
                elif verb == "RCPT" and any(name in line for name in kept.refused):
                    self._say("550 no such person")
                elif verb == "DATA":
                    self._say("354 go on")
                    lines = list(iter(self.rfile.readline, b".\r\n"))
                    kept.messages.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[arg-type]
                    self._say("250 taken")
                elif verb == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        kept.port = server.server_address[1]
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield kept
        server.shutdown()
