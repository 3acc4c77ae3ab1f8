"""The control socket, with a bond that only notes what it is asked."""

import asyncio
import contextlib
import errno
import json
import os
from collections.abc import Callable
from functools import partial

import aiohttp
import pytest

from pybondd.cli import client
from pybondd.daemon import api
from pybondd.daemon.api import ROUTES, Api
from pybondd.daemon.control_socket import MAX_CLIENTS, ControlSocket
from pybondd.daemon.recorder import Follower, Recorder
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal


class Noting:
    """Answers every route and notes the changes."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.calls: list[object] = []
        self.refusal: Refusal | None = None

    def _note(self, *call: object) -> None:
        if self.refusal:
            raise CommandRefusedError(self.refusal)
        self.calls.append(call)

    def status(self, *, is_privileged):
        return {"ifname": "bond0", "all": is_privileged}

    def proc(self, *, is_privileged):
        return f"Ethernet Channel, all: {is_privileged}\n"

    def options(self, *, is_privileged):
        return {"miimon": "100", "all": is_privileged}

    def read_option(self, name, *, is_privileged):
        return f"{name} is 100, all: {is_privileged}"

    def explain_port(self, name, *, is_privileged):
        return {"port": name, "all": is_privileged}

    def explain_flow(self, texts):
        return texts

    def write_options(self, pairs):
        self._note("write", pairs)

    def add_ports(self, names, *, may_cut_default_route):
        self._note("add", names, may_cut_default_route)
        return [f"{names[0]} was up"]

    def remove_ports(self, names):
        self._note("remove", names)

    def activate(self, name):
        self._note("activate", name)

    def shut_down(self):
        self._note("down")


@contextlib.asynccontextmanager
async def listening(served: Noting, path):
    control = ControlSocket(path / "bond0.sock", Api(served).application())
    await control.open()
    try:
        yield path / "bond0.sock"
    finally:
        served.recorder.end()
        await control.close()


async def asked(path, method: str, route: str, body: object = None, **more):
    connector = aiohttp.UnixConnector(str(path))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, f"http://bond{route}", json=body, **more) as answer,
    ):
        text = await answer.text()
        is_json = answer.content_type == "application/json"
        return answer.status, json.loads(text) if is_json else text


@pytest.mark.parametrize(
    ("route", "answer"),
    [
        ("/", ROUTES),
        ("/status", {"ifname": "bond0", "all": True}),
        ("/proc", "Ethernet Channel, all: True\n"),
        ("/options", {"miimon": "100", "all": True}),
        ("/options/miimon", "miimon is 100, all: True"),
        ("/explain/port/eth0", {"port": "eth0", "all": True}),
        ("/explain/flow?src=10.0.0.1&dst=fe80%3A%3A1", {"src": "10.0.0.1", "dst": "fe80::1"}),
        ("/events", []),
    ],
)
async def test_a_read_route_answers(route, answer, tmp_path):
    async with listening(Noting(), tmp_path) as path:
        assert await asked(path, "GET", route) == (200, answer)


@pytest.mark.parametrize(
    ("method", "route", "body", "call"),
    [
        ("POST", "/options", {"options": [["miimon", "50"]]}, ("write", [("miimon", "50")])),
        ("POST", "/ports", {"ports": ["eth0"]}, ("add", ["eth0"], False)),
        (
            "POST",
            "/ports",
            {"ports": ["eth0"], "may_cut_default_route": True},
            ("add", ["eth0"], True),
        ),
        ("DELETE", "/ports", {"ports": ["eth0"]}, ("remove", ["eth0"])),
        ("POST", "/activate", {"port": "eth1"}, ("activate", "eth1")),
        ("POST", "/down", None, ("down",)),
    ],
    ids=["options", "add", "add-default-route", "remove", "activate", "down"],
)
async def test_a_change_reaches_the_bond(method, route, body, call, tmp_path):
    served = Noting()
    async with listening(served, tmp_path) as path:
        status, answer = await asked(path, method, route, body)
    assert status == 200
    assert answer == ({"notes": ["eth0 was up"]} if call[0] == "add" else {})
    assert served.calls == [call]


async def test_a_refusal_arrives_with_its_reasons_and_errno(tmp_path):
    served = Noting()
    served.refusal = Refusal("no", "because", "else", errno.EACCES)
    async with listening(served, tmp_path) as path:
        status, parsed = await asked(path, "POST", "/activate", {"port": "eth0"})
    assert status == 409
    assert parsed == {
        "what": "no",
        "why": "because",
        "remedy": "else",
        "errno": "EACCES",
        "exit": Exit.REFUSED,
    }


@pytest.mark.parametrize(
    ("route", "text"),
    [
        ("/ports", "{"),
        ("/ports", "[]"),
        ("/ports", '{"ports": []}'),
        ("/ports", '{"ports": [1]}'),
        ("/options", '{"options": [["miimon"]]}'),
        ("/options", '{"options": {}}'),
        ("/activate", '{"port": 1}'),
        ("/activate", "[" * 50000),
    ],
)
async def test_a_body_that_cannot_be_read_is_told_and_changes_nothing(route, text, tmp_path):
    served = Noting()
    connector = aiohttp.UnixConnector(str(tmp_path / "bond0.sock"))
    async with (
        listening(served, tmp_path),
        aiohttp.ClientSession(connector=connector) as session,
        session.post(f"http://bond{route}", data=text) as answer,
    ):
        parsed = await answer.json()
    assert answer.status == 400
    assert parsed["exit"] == Exit.USAGE
    assert served.calls == []


@pytest.mark.parametrize(
    ("method", "route", "status"), [("GET", "/nothing", 404), ("PATCH", "/status", 405)]
)
async def test_an_unknown_route_is_a_typed_error(method, route, status, tmp_path):
    async with listening(Noting(), tmp_path) as path:
        answered, parsed = await asked(path, method, route)
    assert answered == status
    assert parsed["remedy"] == "GET / lists all routes"


async def test_a_stranger_may_read_but_not_change(tmp_path, monkeypatch):
    served = Noting()
    monkeypatch.setattr(api, "_peer_user", lambda _request: 65534)
    async with listening(served, tmp_path) as path:
        assert (await asked(path, "GET", "/status"))[0] == 200
        status, parsed = await asked(path, "POST", "/down")
    assert status == 403
    assert parsed["exit"] == Exit.NO_PRIVILEGE
    assert served.calls == []


@pytest.mark.parametrize(
    ("route", "answer"),
    [
        ("/status", {"ifname": "bond0", "all": False}),
        ("/proc", "Ethernet Channel, all: False\n"),
        ("/options", {"miimon": "100", "all": False}),
        ("/options/ad_actor_key", "ad_actor_key is 100, all: False"),
        ("/explain/port/eth0", {"port": "eth0", "all": False}),
    ],
)
async def test_a_stranger_reads_what_linux_shows_to_everybody(route, answer, tmp_path, monkeypatch):
    monkeypatch.setattr(api, "_peer_user", lambda _request: 65534)
    async with listening(Noting(), tmp_path) as path:
        assert await asked(path, "GET", route) == (200, answer)


async def test_our_own_user_may_change(tmp_path, monkeypatch):
    monkeypatch.setattr(api, "_peer_user", lambda _request: os.geteuid())
    async with listening(Noting(), tmp_path) as path:
        assert (await asked(path, "POST", "/down"))[0] == 200


async def test_the_socket_is_for_owner_and_group_only(tmp_path):
    async with listening(Noting(), tmp_path) as path:
        assert path.stat().st_mode & 0o777 == 0o660
    assert not path.exists()


async def test_a_socket_file_of_a_dead_daemon_is_replaced(tmp_path):
    (tmp_path / "bond0.sock").touch()
    async with listening(Noting(), tmp_path) as path:
        assert (await asked(path, "GET", "/status"))[0] == 200


async def test_one_client_too_many_is_told_so_and_the_others_stay(tmp_path):
    async with listening(Noting(), tmp_path) as path:
        held = [await asyncio.open_unix_connection(str(path)) for _ in range(MAX_CLIENTS)]
        reader, writer = await asyncio.open_unix_connection(str(path))
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"too many clients" in answer
        assert not held[0][0].at_eof()
        for _, open_writer in [*held, (None, writer)]:
            open_writer.close()


async def test_events_are_followed_from_the_recent_ones_to_the_end_of_the_daemon(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(tmp_path))
    served = Noting()
    async with listening(served, tmp_path):
        served.recorder.record("first", [], wall_ns=0, now=0)
        seen: list[str] = []
        first_seen = asyncio.Event()
        tell = partial(asyncio.get_running_loop().call_soon_threadsafe, first_seen.set)
        reading = asyncio.create_task(asyncio.to_thread(_follow, seen, 2, tell))
        async with asyncio.timeout(5):
            await first_seen.wait()
            served.recorder.record("second", [], wall_ns=0, now=0)
            await reading
    assert [json.loads(text)["cause"] for text in seen] == ["first", "second"]


def _follow(seen: list[str], count: int, tell: Callable[[], object]) -> None:
    for text in client.follow("bond0", "/events?follow=1&count=1"):
        seen.append(text)
        tell()
        if len(seen) == count:
            return


class TellingRecorder(Recorder):
    """Says when it has forgotten a reader."""

    def __init__(self) -> None:
        super().__init__()
        self.has_forgotten = asyncio.Event()

    def forget(self, follower: Follower) -> None:
        super().forget(follower)
        self.has_forgotten.set()


async def test_a_follower_that_goes_away_is_forgotten(tmp_path):
    served = Noting()
    served.recorder = TellingRecorder()
    async with listening(served, tmp_path) as path:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET /events?follow=1 HTTP/1.1\r\nHost: b\r\n\r\n")
        await reader.readline()
        assert len(served.recorder._followers) == 1
        writer.close()
        async with asyncio.timeout(5):
            await served.recorder.has_forgotten.wait()
        assert not served.recorder._followers


async def test_the_command_client_gets_the_refusal_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(tmp_path))
    served = Noting()
    served.refusal = Refusal("no", "because", "else", errno.EBUSY, Exit.REFUSED)
    async with listening(served, tmp_path):
        with pytest.raises(CommandRefusedError) as raised:
            await asyncio.to_thread(client.ask, "bond0", "POST", "/down")
    assert raised.value.refusal == served.refusal
