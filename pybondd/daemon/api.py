"""Which requests does the control socket of a bond answer?

HTTP with JSON on a Unix socket, as `GET /` says of itself. Reads are for everybody who may open the
socket (mode 0660); changes, and the details of LACP, are for root and for the daemon's own user.
"""

import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol

from aiohttp import web

from pybondd.daemon.bodies import option_pairs, parsed_body, port_names, word
from pybondd.daemon.recorder import Recorder
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.daemon.shapes import AnswerJson, FlowAnswerJson, StatusJson

MAX_BODY_OCTETS = 65536
"""Longest request body: 255 port names and every option fit many times."""
DEFAULT_EVENT_COUNT = 20

ROUTES = {
    "GET /": "this list",
    "GET /status": "the bond and its ports, keys as in `ip -d -j link`",
    "GET /proc": "the text of /proc/net/bonding",
    "GET /options": "every option as its sysfs file reads",
    "GET /options/{name}": "one option",
    "GET /explain/port/{name}": "whether a port carries traffic, and if not, why",
    "GET /explain/flow": "?src=IP&dst=IP, proto, sport, dport, vlan, to=MAC: which port, and why",
    "POST /options": '{"options": [[name, text], ...]}: all are written, or none',
    "POST /ports": '{"ports": [name, ...], "may_cut_default_route": false}: all join, or none',
    "DELETE /ports": '{"ports": [name, ...]}: all leave, or none',
    "POST /activate": '{"port": name}: make it the active port',
    "GET /events": "the log; ?count=N entries, ?frames=1 with each that only sent "
    "frames, ?follow=1 goes on as server-sent events",
    "POST /down": "give the host back as it was and end",
}

STATUS_OF_EXIT = {
    Exit.USAGE: HTTPStatus.BAD_REQUEST,
    Exit.NOT_RUNNING: HTTPStatus.NOT_FOUND,
    Exit.NO_PRIVILEGE: HTTPStatus.FORBIDDEN,
}
"""Everything else that is refused is a conflict with the state of the bond."""


class Served(Protocol):
    """What the routes ask of a running bond. Every method may raise CommandRefusedError."""

    recorder: Recorder

    def status(self, *, is_privileged: bool) -> StatusJson:
        """The bond now."""

    def proc(self, *, is_privileged: bool) -> str:
        """The kernel's text."""

    def options(self, *, is_privileged: bool) -> dict[str, str]:
        """Every option as sysfs shows it."""

    def read_option(self, name: str, *, is_privileged: bool) -> str:
        """One option as sysfs shows it."""

    def explain_port(self, name: str, *, is_privileged: bool) -> AnswerJson:
        """Does it carry traffic, and if not, why?"""

    def explain_flow(self, texts: Mapping[str, str]) -> FlowAnswerJson:
        """By which port would it leave, and why?"""

    def write_options(self, pairs: list[tuple[str, str]]) -> None:
        """Write all or none."""

    def add_ports(self, names: list[str], *, may_cut_default_route: bool) -> list[str]:
        """Let all join or none; returns notes for people."""

    def remove_ports(self, names: list[str]) -> None:
        """Let all leave or none."""

    def activate(self, name: str) -> None:
        """Make a port the active one."""

    def shut_down(self) -> None:
        """Restore the host; the process ends soon after."""


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The routes of one bond."""

    def __init__(self, served: Served) -> None:
        """`served` answers."""
        self._served = served

    def application(self) -> web.Application:
        """The aiohttp application with all routes."""
        application = web.Application(
            middlewares=[_typed_errors, _changes_need_owner], client_max_size=MAX_BODY_OCTETS
        )
        handlers: dict[str, Handler] = {
            "GET /": self._index,
            "GET /status": self._status,
            "GET /proc": self._proc,
            "GET /options": self._options,
            "GET /options/{name}": self._option,
            "GET /explain/port/{name}": self._explain_port,
            "GET /explain/flow": self._explain_flow,
            "POST /options": self._write_options,
            "POST /ports": self._add_ports,
            "DELETE /ports": self._remove_ports,
            "POST /activate": self._activate,
            "GET /events": self._events,
            "POST /down": self._down,
        }
        assert handlers.keys() == ROUTES.keys()
        for route, handler in handlers.items():
            method, path = route.split(" ")
            application.router.add_route(method, path, handler)
        return application

    async def _index(self, _request: web.Request) -> web.Response:
        return web.json_response(ROUTES)

    async def _status(self, request: web.Request) -> web.Response:
        return web.json_response(self._served.status(is_privileged=_is_owner(request)))

    async def _proc(self, request: web.Request) -> web.Response:
        return web.Response(text=self._served.proc(is_privileged=_is_owner(request)))

    async def _options(self, request: web.Request) -> web.Response:
        return web.json_response(self._served.options(is_privileged=_is_owner(request)))

    async def _option(self, request: web.Request) -> web.Response:
        name, is_owner = request.match_info["name"], _is_owner(request)
        return web.Response(text=self._served.read_option(name, is_privileged=is_owner))

    async def _explain_port(self, request: web.Request) -> web.Response:
        name, is_owner = request.match_info["name"], _is_owner(request)
        return web.json_response(self._served.explain_port(name, is_privileged=is_owner))

    async def _explain_flow(self, request: web.Request) -> web.Response:
        return web.json_response(self._served.explain_flow(dict(request.query)))

    async def _write_options(self, request: web.Request) -> web.Response:
        self._served.write_options(option_pairs(await parsed_body(request)))
        return web.json_response({})

    async def _add_ports(self, request: web.Request) -> web.Response:
        body = await parsed_body(request)
        may_cut = body.get("may_cut_default_route") is True
        notes = self._served.add_ports(port_names(body), may_cut_default_route=may_cut)
        return web.json_response({"notes": notes})

    async def _remove_ports(self, request: web.Request) -> web.Response:
        self._served.remove_ports(port_names(await parsed_body(request)))
        return web.json_response({})

    async def _activate(self, request: web.Request) -> web.Response:
        self._served.activate(word(await parsed_body(request), "port"))
        return web.json_response({})

    async def _down(self, _request: web.Request) -> web.Response:
        self._served.shut_down()
        return web.json_response({})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        text = request.query.get("count", str(DEFAULT_EVENT_COUNT))
        count = int(text) if text.isdigit() else DEFAULT_EVENT_COUNT
        with_frames = request.query.get("frames") == "1"
        recorder = self._served.recorder
        if request.query.get("follow") == "1":
            return await _stream(request, recorder, count, with_frames=with_frames)
        recent = recorder.recent(count, with_frames=with_frames)
        return web.json_response([entry.json() for entry in recent])


async def _stream(
    request: web.Request, recorder: Recorder, count: int, *, with_frames: bool
) -> web.StreamResponse:
    """Server-sent events: first the recent entries, then each new one; ends with the daemon."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    follower = recorder.follow(with_frames=with_frames)
    try:
        await response.prepare(request)
        for entry in recorder.recent(count, with_frames=with_frames):
            await response.write(_event(entry.json()))
        while not follower.is_ended:
            for shown in await follower.take():
                await response.write(_event(shown))
    except ConnectionError:
        pass
    finally:
        recorder.forget(follower)
    return response


def _event(shown: object) -> bytes:
    return b"data: " + json.dumps(shown).encode() + b"\n\n"


@web.middleware
async def _typed_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal and every misuse becomes JSON with what, why and remedy."""
    try:
        return await handler(request)
    except CommandRefusedError as refused:
        return _refused(refused.refusal)
    except web.HTTPException as misuse:
        refusal = Refusal(
            f"{request.method} {request.path} is not answered",
            misuse.reason,
            "GET / lists all routes",
            exit_code=Exit.USAGE,
        )
        return web.json_response(refusal.json(), status=misuse.status)


def _refused(refusal: Refusal) -> web.Response:
    status = STATUS_OF_EXIT.get(refusal.exit_code, HTTPStatus.CONFLICT)
    return web.json_response(refusal.json(), status=status)


@web.middleware
async def _changes_need_owner(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only root and the daemon's own user may change anything (SO_PEERCRED)."""
    if request.method != "GET" and not _is_owner(request):
        raise CommandRefusedError(
            Refusal(
                "this changes the bond and is not allowed",
                f"user {_peer_user(request)} may only read",
                "run the command with sudo",
                exit_code=Exit.NO_PRIVILEGE,
            )
        )
    return await handler(request)


def _is_owner(request: web.Request) -> bool:
    """Root or the daemon's own user: may change the bond, and sees what takes CAP_NET_ADMIN."""
    return _peer_user(request) in (0, os.geteuid())


def _peer_user(request: web.Request) -> int:
    """User id at the other end of the socket; -1 when it has gone already."""
    peer = request.transport.get_extra_info("socket") if request.transport else None
    if peer is None:
        return -1
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])
