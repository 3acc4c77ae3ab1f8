"""Options whose text names a port or belongs to one; and ad_actor_system, no number either.

primary, active_slave and queue_id name a port; prio and actor_port_prio belong to one. Source:
Linux 6.12 bond_options.c bond_option_primary_set, bond_option_active_slave_set,
bond_option_queue_id_set, bond_option_prio_set, bond_option_actor_port_prio_set,
bond_option_ad_actor_system_set.
"""

import errno
import re

from pybondd.modes import failover
from pybondd.modes.base import Mode
from pybondd.port import Link, Port
from pybondd.refusal import RefusedError
from pybondd.state import BondState
from pybondd.units import Instant

MAX_NAME_OCTETS = 15
"""Longest interface name (Linux IFNAMSIZ less the terminating zero)."""
TX_QUEUE_COUNT = 16
"""Transmit queues of a Linux bond (bonding.h BOND_DEFAULT_TX_QUEUES): the largest queue_id."""

MAX_PORT_PRIORITY = 65535
"""An LACPDU has 16 bits for it."""


def _write_primary(state: BondState, mode: Mode, text: str, *, now: Instant) -> None:
    """An unknown name is remembered for a port that joins later; an empty one clears."""
    name = text.split("\n", 1)[0]
    port = state.port_by_name(name) if name else None
    had_primary = state.primary is not None
    state.primary = port
    state.options.primary = name[:MAX_NAME_OCTETS]
    if port:
        state.must_take_primary = True
    if port or had_primary or not name:
        failover.select(state, mode, now=now)


def _write_active_slave(state: BondState, mode: Mode, text: str, *, now: Instant) -> None:
    """Make a port active by hand, or (empty) give the active one up and elect at once."""
    words = text.split("\n", 1)[0].split()
    name = words[0][:MAX_NAME_OCTETS] if words else ""
    if not name:
        failover.change_active(state, mode, None, now=now)
        failover.select(state, mode, now=now)
        return
    port = _fit_to_be_active(state, name)
    if port is not state.active:
        failover.change_active(state, mode, port, now=now)
        failover.update_carrier(state, mode)


def _fit_to_be_active(state: BondState, name: str) -> Port:
    port = state.port_by_name(name)
    what = f"{name} is not made the active port"
    if port is None:
        raise RefusedError(errno.EINVAL, what, f"it is no port of {state.name}")
    if port is state.active:
        return port
    if state.active is None:
        raise RefusedError(errno.EINVAL, what, "no port is active, so there is none to replace")
    if port.link is not Link.UP or not port.facts.is_running:
        raise RefusedError(errno.EINVAL, what, f"its link is {port.link.text}")
    return port


def _write_queue_id(state: BondState, mode: Mode, text: str, *, now: Instant) -> None:
    """`port:number`. Every mistake is EPERM, as in Linux; the number is read as 16 bits.

    What follows the number is ignored, so 0x5 is 0; a plus sign is not known (seen on 6.1.176).
    """
    matched = re.match(r"([^:]*):\s*(-?\d+)", text)
    port = state.port_by_name(matched[1]) if matched else None
    if matched is None or port is None:
        why = "port:number is expected, where port belongs to the bond"
        raise RefusedError(errno.EPERM, f"queue_id {text!r} is not set", why, "example: eth0:2")
    _set_queue_id(state, port, int(matched[2]) & 0xFFFF)


def _set_queue_id(state: BondState, port: Port, queue_id: int) -> None:
    """Let frames of this queue use this port. Raises RefusedError (EPERM)."""
    what = f"queue_id of {port.name} is not changed"
    if queue_id > TX_QUEUE_COUNT:
        raise RefusedError(errno.EPERM, what, f"the bond has queues 1 to {TX_QUEUE_COUNT}")
    if queue_id and any(p.queue_id == queue_id for p in state.ports if p is not port):
        raise RefusedError(errno.EPERM, what, f"another port has queue {queue_id}")
    port.queue_id = queue_id


def write_port_option(
    state: BondState, mode: Mode, port: Port, name: str, text: str, *, now: Instant
) -> None:
    """Write a per-port option: prio, queue_id or actor_port_prio. Raises RefusedError."""
    if name == "prio":
        _write_prio(state, mode, port, text, now=now)
    elif name == "queue_id":
        _write_queue_id(state, mode, f"{port.name}:{text}", now=now)
    elif name == "actor_port_prio":
        _write_actor_port_prio(state, mode, port, text)
    else:
        why = "a port has the options prio, queue_id and actor_port_prio"
        raise RefusedError(errno.ENOENT, f"unknown option {name!r} of a port", why)


def _write_prio(state: BondState, mode: Mode, port: Port, text: str, *, now: Instant) -> None:
    """A signed 32-bit number, in primary modes only; with a primary set it elects nobody."""
    if not re.fullmatch(r"\s*[+-]?\d+\s*", text) or not -(2**31) <= int(text) < 2**31:
        what = f"prio of {port.name} is not changed"
        raise RefusedError(errno.EINVAL, what, "a signed 32-bit number is expected")
    if not mode.has_primary:
        what = f"prio of {port.name} is not changed"
        raise RefusedError(errno.EACCES, what, "no port is preferred in this mode")
    port.prio = int(text)
    if state.primary:
        state.warn("prio has no effect while a primary is set", port)
    else:
        failover.select(state, mode, now=now)


def _write_actor_port_prio(state: BondState, mode: Mode, port: Port, text: str) -> None:
    """An unsigned 16-bit number, in 802.3ad only; the partners of all ports are told."""
    what = f"actor_port_prio of {port.name} is not changed"
    if mode.lacp is None:
        raise RefusedError(errno.EACCES, what, "it needs mode 802.3ad")
    if not re.fullmatch(r"\s*\d+\s*", text) or int(text) > MAX_PORT_PRIORITY:
        why = f"a number from 0 to {MAX_PORT_PRIORITY} is expected"
        raise RefusedError(errno.EINVAL, what, why)
    mode.port_priority_written(state, port, int(text))


def _write_ad_actor_system(state: BondState, mode: Mode, text: str, *, now: Instant) -> None:
    """Six octets in hexadecimal; what follows them is ignored, as in Linux."""
    matched = re.match(r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", text)
    mac = bytes.fromhex(matched[0].replace(":", "")) if matched else None
    if mac is None or mac[0] & 1:
        what = f"ad_actor_system {text!r} is not set"
        raise RefusedError(errno.EINVAL, what, "a unicast MAC address is expected")
    state.options.ad_actor_system = mac


RAW_ACTIONS = {
    "primary": _write_primary,
    "active_slave": _write_active_slave,
    "queue_id": _write_queue_id,
    "ad_actor_system": _write_ad_actor_system,
}
