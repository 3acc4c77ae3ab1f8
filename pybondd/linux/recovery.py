"""Give interfaces back as they were, from what the journal says."""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pybondd.linux import clsact
from pybondd.linux.errors import LinuxError
from pybondd.linux.interface import Interface
from pybondd.linux.journal import Journal, PortBefore
from pybondd.linux.namespace import is_alive, this_namespace
from pybondd.linux.netlink import Route
from pybondd.linux.rtnetlink import is_gone


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done for one port, in words, and what could not be done."""

    name: str
    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def recover(path: Path) -> tuple[Restored, ...]:
    """Undo what the journal of a dead process lists, then remove it; nothing if there is none.

    May be killed and run again. The journal stays if something failed. Raises LinuxError: EBADMSG
    for an unreadable journal, EXDEV for one of another network namespace.
    """
    journal = Journal.load(path)
    if journal is None:
        return ()
    if journal.namespace != this_namespace():
        return _recover_elsewhere(journal)
    with Route() as route:
        restored = tuple(restore(route, before) for before in journal)
    if not any(each.failed for each in restored):
        journal.remove()
    return restored


def _recover_elsewhere(journal: Journal) -> tuple[Restored, ...]:
    """Virtual interfaces die with their namespace; a living one cannot be reached from here."""
    if list(journal) and is_alive(journal.namespace):
        what = f"recover {journal.path}: it was written in another network namespace"
        raise LinuxError(errno.EXDEV, what)
    journal.remove()
    return tuple(Restored(each.name, ("its network namespace is gone",)) for each in journal)


def restore(route: Route, before: PortBefore) -> Restored:
    """Give one port back: address, MTU, filter, IPv6 and the up flag. May be run again."""
    try:
        now = route.interface(before.ifindex)
    except LinuxError as error:
        if is_gone(error):
            return Restored(before.name, ("does not exist any more",))
        return Restored(before.name, failed=(str(error),))
    if not before.is_same(now):
        text = f"interface {before.ifindex} is {now.name} now, another one, and is left alone"
        return Restored(before.name, (text,))
    done: list[str] = []
    failed: list[str] = []
    for text, step in _steps(route, before, now):
        try:
            step()
        except LinuxError as error:
            failed.append(str(error))
        else:
            done.append(text)
    return Restored(now.name, tuple(done), tuple(failed))


def _steps(
    route: Route, before: PortBefore, now: Interface
) -> list[tuple[str, Callable[[], None]]]:
    """What differs, as (words, deed). The up flag is last: it makes the port usable."""
    ifindex = before.ifindex
    mac = bytes.fromhex(before.mac)
    steps: list[tuple[str, Callable[[], None]]] = []
    if now.mac != mac:
        steps.append((f"MAC {mac.hex(':')}", lambda: route.set_mac(ifindex, mac)))
    if now.mtu != before.mtu:
        steps.append((f"MTU {before.mtu}", lambda: route.set_mtu(ifindex, before.mtu)))
    mode = before.ipv6_generation
    if mode is not None and now.ipv6_generation != mode:
        text = "IPv6 address generation"
        steps.append((text, lambda: route.set_ipv6_generation(ifindex, mode)))
    must_go_down = now.is_up and (bool(steps) or not before.is_up)
    if must_go_down:
        # Some drivers refuse another MAC while up, and IPv6 makes its address when set up.
        text = "down" if not before.is_up else "down for a moment"
        steps.insert(0, (text, lambda: route.set_up(ifindex, False)))
    had_qdisc = before.had_qdisc
    if had_qdisc is not None:
        text = "tc filter removed"
        steps.append((text, lambda: clsact.remove(route, ifindex, had_qdisc=had_qdisc)))
    if before.is_up and (must_go_down or not now.is_up):
        steps.append(("up", lambda: route.set_up(ifindex, True)))
    return steps
