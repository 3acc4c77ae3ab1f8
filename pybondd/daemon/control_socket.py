"""How many may talk to a bond at once, and where?"""

import asyncio
import json
from pathlib import Path

from aiohttp import web

from pybondd.daemon.refusal import Refusal

MAX_CLIENTS = 16
"""Connections at once: people, a web page, a metrics collector. More is a mistake or an attack, and
each holds a descriptor that the packet path may need."""
SOCKET_MODE = 0o660
IDLE_S = 15.0
"""An idle connection gives its place free after this time."""
END_S = 0.5
"""Time that open requests get when the daemon ends."""


class ControlSocket:
    """The listening socket of one bond."""

    def __init__(self, path: Path, application: web.Application) -> None:
        """Nothing listens yet."""
        self._path = path
        self._runner = web.AppRunner(
            application,
            handle_signals=False,
            access_log=None,
            keepalive_timeout=IDLE_S,
            shutdown_timeout=END_S,
            handler_cancellation=True,
        )
        self._listening: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. A file of a dead daemon is replaced; the caller holds the bond's lock."""
        await self._runner.setup()
        self._path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_unix_server(self._protocol, str(self._path))
        self._path.chmod(SOCKET_MODE)

    async def close(self) -> None:
        """Stop listening, let open requests end, remove the file."""
        if self._listening is not None:
            self._listening.close()
        await self._runner.cleanup()
        self._path.unlink(missing_ok=True)

    def _protocol(self) -> asyncio.BaseProtocol:
        server = self._runner.server
        assert server is not None, "the runner was set up before anybody could connect"
        if len(server.connections) >= MAX_CLIENTS:
            return _TooMany()
        return server()


class _TooMany(asyncio.Protocol):
    """Answers a client too many, and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say why, without waiting for the request."""
        assert isinstance(transport, asyncio.WriteTransport)
        refusal = Refusal(
            "too many clients",
            f"{MAX_CLIENTS} are connected to this bond already",
            "end one of them, for example a forgotten `pybondd events -f`",
        )
        body = json.dumps(refusal.json()).encode()
        head = (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        transport.write(head.encode() + body)
        transport.close()
