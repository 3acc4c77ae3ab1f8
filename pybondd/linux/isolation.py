"""Make the host's own stack deaf to a port, so that only the bond hears it.

A packet socket gets a copy; without this the port's own stack would answer too, and every ping,
datagram and ARP request would be answered twice.
"""

import os
from collections.abc import Callable
from typing import Literal, TypeAlias

from pybondd.linux import clsact, tcx
from pybondd.linux.errors import LinuxError
from pybondd.linux.netlink import Route

Kind: TypeAlias = Literal["tcx", "clsact"]


class TcxIsolation:
    """A drop-all program whose life is this object's; a killed process leaves nothing."""

    kind: Kind = "tcx"

    def __init__(self, ifindex: int) -> None:
        self._link = tcx.hold(ifindex)

    def undo(self) -> None:
        """Let the host hear the port again."""
        os.close(self._link)


class ClsactIsolation:
    """A drop-all tc filter; stays until `undo`, or until the journal's reader removes it."""

    kind: Kind = "clsact"

    def __init__(self, route: Route, ifindex: int, *, had_qdisc: bool) -> None:
        self._route = route
        self._ifindex = ifindex
        self._had_qdisc = had_qdisc
        try:
            clsact.add(route, ifindex, had_qdisc=had_qdisc)
        except LinuxError:
            clsact.remove(route, ifindex, had_qdisc=had_qdisc)
            raise

    def undo(self) -> None:
        """Let the host hear the port again. The port may be gone."""
        clsact.remove(self._route, self._ifindex, had_qdisc=self._had_qdisc)


Isolation: TypeAlias = TcxIsolation | ClsactIsolation


def isolate(
    route: Route,
    ifindex: int,
    *,
    note: Callable[[bool], None] = lambda had_qdisc: None,
    kind: Kind | None = None,
) -> Isolation:
    """Make the host deaf to a port: by tcx where kernel and privilege allow, else by clsact.

    `note` is called with "had a clsact or ingress qdisc" before anything is made that would outlive
    this process. `kind` asks for one way only. Raises LinuxError if neither works.
    """
    if kind != "clsact":
        try:
            return TcxIsolation(ifindex)
        except LinuxError:
            if kind == "tcx":
                raise
    had_qdisc = clsact.is_present(route, ifindex)
    note(had_qdisc)
    return ClsactIsolation(route, ifindex, had_qdisc=had_qdisc)
