"""Which bonds of ours are in this network namespace, and what do they show?"""

import os
import socket
from typing import cast

from pybondd.cli.client import ask
from pybondd.daemon.paths import running_bonds
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.daemon.shapes import StatusJson
from pybondd.iproute.shown import Picture, ShownBond, ShownPort


def statuses_here() -> list[StatusJson]:
    """The status of each. A bond whose daemon does not answer us is none for us."""
    found = []
    for name in running_bonds():
        try:
            status = cast("StatusJson", ask(name, "GET", "/status"))
        except CommandRefusedError:
            continue
        if _is_here(status):
            found.append(status)
    return found


def picture_of(statuses: list[StatusJson]) -> Picture:
    """What they show, under the names that the bonds' interfaces have now."""
    bonds, ports = [], []
    for status in statuses:
        name = _name_now(status["ifindex"]) or status["ifname"]
        bonds.append(ShownBond(status["ifindex"], name, status["linkinfo"]["info_data"]))
        ports += [
            ShownPort(port["ifindex"], port["ifname"], name, port["info_slave_data"])
            for port in status["ports"]
        ]
    return Picture(tuple(bonds), tuple(ports))


def index_of(name: str) -> int:
    """The index of the interface of this name; 0 if there is none."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def _is_here(status: StatusJson) -> bool:
    try:
        theirs = os.stat(f"/proc/{status['pybondd']['pid']}/ns/net").st_ino
    except PermissionError:
        # Another user's process: its interface must then do as a proof.
        return _name_now(status["ifindex"]) == status["ifname"]
    except OSError:
        return False
    return theirs == os.stat("/proc/self/ns/net").st_ino


def _name_now(ifindex: int) -> str:
    try:
        return socket.if_indextoname(ifindex)
    except OSError:
        return ""
