"""How does a command talk to the daemon of a bond? HTTP with JSON over its Unix socket."""

import http.client
import json
import socket
from collections.abc import Iterator

from pybondd.daemon.paths import BondPaths, running_bonds
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal, not_running

TIMEOUT_S = 30.0
"""A command that the daemon has not answered by then failed. The longest, `down` of 255 ports,
took under 5 s."""


class _UnixConnection(http.client.HTTPConnection):
    """http.client over a Unix socket: the one method that differs."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket file instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(bond: str, method: str, route: str, body: object = None) -> object:
    """Send one request and return the parsed answer. Raises CommandRefusedError."""
    status, text = _exchange(bond, method, route, body)
    parsed: object = json.loads(text) if text.startswith(("{", "[")) else text
    if status >= http.client.BAD_REQUEST:
        raise CommandRefusedError(_refusal(parsed, status))
    return parsed


def follow(bond: str, route: str) -> Iterator[str]:
    """The payload of each server-sent event, until the daemon ends."""
    connection = _connect(bond)
    try:
        connection.request("GET", route)
        answer = connection.getresponse()
        if answer.status >= http.client.BAD_REQUEST:
            raise CommandRefusedError(_refusal(json.loads(answer.read()), answer.status))
        assert connection.sock is not None or answer.fp is not None
        for line in answer:
            if line.startswith(b"data: "):
                yield line.removeprefix(b"data: ").decode().rstrip("\n")
    except (ConnectionError, http.client.HTTPException):
        return
    finally:
        connection.close()


def named_or_only(bond: str | None) -> str:
    """The bond that was named, or the only one that runs. Raises CommandRefusedError."""
    if bond is not None:
        return bond
    names = running_bonds()
    if len(names) == 1:
        return names[0]
    if not names:
        raise CommandRefusedError(none_running())
    raise CommandRefusedError(
        Refusal(
            "which bond?",
            f"several are running: {', '.join(names)}",
            "name one of them",
            exit_code=Exit.USAGE,
        )
    )


def none_running() -> Refusal:
    """There is no bond at all."""
    return Refusal(
        "no bond is running",
        "the run directory holds no control socket",
        "start one: pybondd up bond0 --mode active-backup eth0 eth1   or try: pybondd lab",
        exit_code=Exit.NOT_RUNNING,
    )


def _exchange(bond: str, method: str, route: str, body: object) -> tuple[int, str]:
    connection = _connect(bond)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, route, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except TimeoutError as failure:
        raise CommandRefusedError(_no_answer(bond, "it did not answer in time")) from failure
    except (ConnectionError, http.client.HTTPException) as failure:
        raise CommandRefusedError(_no_answer(bond, "it ended during the request")) from failure
    finally:
        connection.close()


def _connect(bond: str) -> _UnixConnection:
    path = BondPaths.of(bond).socket
    connection = _UnixConnection(str(path))
    try:
        connection.connect()
    except (FileNotFoundError, ConnectionRefusedError) as failure:
        connection.close()
        raise CommandRefusedError(not_running(bond)) from failure
    except PermissionError as failure:
        connection.close()
        raise CommandRefusedError(_may_not(bond)) from failure
    return connection


def _may_not(bond: str) -> Refusal:
    return Refusal(
        f"may not talk to {bond}",
        "its control socket is open to its owner and group only",
        "run the command with sudo",
        exit_code=Exit.NO_PRIVILEGE,
    )


def _no_answer(bond: str, why: str) -> Refusal:
    return Refusal(
        f"the daemon of {bond} gave no answer", why, f"its log: {BondPaths.of(bond).log}"
    )


def _refusal(parsed: object, status: int) -> Refusal:
    if isinstance(parsed, dict) and "what" in parsed:
        return Refusal.from_json(
            {
                "what": str(parsed["what"]),
                "why": str(parsed.get("why", "")),
                "remedy": str(parsed.get("remedy", "")),
                "errno": str(parsed.get("errno", "")),
                "exit": int(parsed.get("exit", Exit.REFUSED)),
            }
        )
    return Refusal(
        f"the daemon answered with status {status}",
        str(parsed)[:200],
        "daemon and command may be of different versions: restart the bond",
    )
