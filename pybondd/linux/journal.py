"""How was the host before the bond changed it? Written down before each change.

The file is replaced in one step and forced to the disk first, so that a killed process leaves
either the old or the new text, never half of one.
"""

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pybondd.linux.errors import LinuxError, asking
from pybondd.linux.interface import Interface
from pybondd.linux.namespace import this_namespace

_VERSION = 1


@dataclass(frozen=True, slots=True)
class PortBefore:
    """What a port was like, and what must be known to find and clean it.

    MAC addresses are written in hexadecimal. `given_macs` are those that the bond has given it:
    they tell a renamed port from a stranger. `had_qdisc` is None while no tc filter was added, else
    whether a clsact or ingress qdisc was there before.
    """

    ifindex: int
    name: str
    mac: str
    permanent_mac: str | None
    mtu: int
    is_up: bool
    ipv6_generation: int | None
    had_qdisc: bool | None = None
    given_macs: tuple[str, ...] = ()

    @classmethod
    def of(cls, interface: Interface) -> "PortBefore":
        """The interface as it is now."""
        permanent = interface.permanent_mac
        return cls(
            ifindex=interface.ifindex,
            name=interface.name,
            mac=interface.mac.hex(),
            permanent_mac=permanent.hex() if permanent else None,
            mtu=interface.mtu,
            is_up=interface.is_up,
            ipv6_generation=interface.ipv6_generation,
        )

    def is_same(self, interface: Interface) -> bool:
        """Is this the interface that was written down? Name and address may each have changed."""
        permanent = interface.permanent_mac.hex() if interface.permanent_mac else None
        return interface.ifindex == self.ifindex and (
            interface.name == self.name
            or interface.mac.hex() in (self.mac, *self.given_macs)
            or (permanent is not None and permanent == self.permanent_mac)
        )


class Journal:
    """The ports that a bond has changed and not yet given back. Every change is on disk on return.

    Raises LinuxError where the file cannot be written: then the host must not be changed.
    """

    def __init__(self, path: Path, *, namespace: int | None = None) -> None:
        """`namespace` is the network namespace that interface indices mean; None is this one."""
        self.path = path
        self.namespace = this_namespace() if namespace is None else namespace
        self._ports: dict[int, PortBefore] = {}

    @classmethod
    def load(cls, path: Path) -> "Journal | None":
        """The journal that a process left here, or None. Raises LinuxError, EBADMSG for no JSON."""
        with asking(f"read the journal {path}"):
            try:
                text = path.read_text()
            except FileNotFoundError:
                return None
        try:
            content = json.loads(text)
            journal = cls(path, namespace=int(content["namespace"]))
            for each in content["ports"]:
                before = PortBefore(**{**each, "given_macs": tuple(each["given_macs"])})
                journal._ports[before.ifindex] = before
        except (ValueError, KeyError, TypeError) as error:
            raise LinuxError(errno.EBADMSG, f"understand the journal {path}") from error
        return journal

    def __iter__(self) -> Iterator[PortBefore]:
        return iter(list(self._ports.values()))

    def __contains__(self, ifindex: int) -> bool:
        return ifindex in self._ports

    def open(self) -> None:
        """Write the file, empty. LinuxError(EEXIST) if a dead process left one to be recovered."""
        if self.path.exists():
            raise LinuxError(errno.EEXIST, f"begin the journal {self.path}")
        self._write(self._ports)

    def note(self, interface: Interface) -> None:
        """Write down how a port is, before its first change. Later calls change nothing."""
        if interface.ifindex not in self._ports:
            self._write({**self._ports, interface.ifindex: PortBefore.of(interface)})

    def note_mac(self, ifindex: int, mac: bytes) -> None:
        """Write down a MAC address before the port gets it."""
        before = self._ports[ifindex]
        if mac.hex() not in (before.mac, *before.given_macs):
            given = (*before.given_macs, mac.hex())[-MAX_GIVEN_MACS:]
            self._write({**self._ports, ifindex: replace(before, given_macs=given)})

    def note_filter(self, ifindex: int, *, had_qdisc: bool) -> None:
        """Write down that a tc filter will be added."""
        before = replace(self._ports[ifindex], had_qdisc=had_qdisc)
        self._write({**self._ports, ifindex: before})

    def drop(self, ifindex: int) -> None:
        """The port has been given back."""
        self._write({each: before for each, before in self._ports.items() if each != ifindex})

    def remove(self) -> None:
        """Nothing is left to be given back."""
        with asking(f"remove the journal {self.path}"):
            self.path.unlink(missing_ok=True)

    def _write(self, ports: dict[int, PortBefore]) -> None:
        content = {
            "version": _VERSION,
            "namespace": self.namespace,
            "ports": [asdict(before) for before in ports.values()],
        }
        with asking(f"write the journal {self.path}"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _replace(self.path, json.dumps(content, indent=1).encode())
        self._ports = ports


MAX_GIVEN_MACS = 32
"""Addresses remembered of one port. A port gets one when it joins and another at each change of the
bond's address or, with fail_over_mac=follow, of the active port; the last ones suffice."""


def _replace(path: Path, text: bytes) -> None:
    """Put a file in place whole or not at all."""
    fresh = path.with_suffix(".json.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
