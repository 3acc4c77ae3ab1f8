"""What does writing an option do?

Checks come first and in Linux's order: mode, ports, bond up, value. Then the option's own action,
which may refuse too but changes nothing when it does. Source: Linux 6.12 bond_options.c
__bond_opt_set and the bond_option_*_set functions.
"""

import errno
from collections.abc import Callable, Mapping

from pybondd import arp_monitoring
from pybondd.modes import failover
from pybondd.modes.base import Mode
from pybondd.naming_ports import RAW_ACTIONS
from pybondd.option import BondMode, Option
from pybondd.options import OPTIONS
from pybondd.refusal import RefusedError
from pybondd.state import BondState
from pybondd.targets import TARGET_ACTIONS
from pybondd.units import Instant

DEFAULT_MIIMON_MS = 100
"""Linux 6.12 bonding.h BOND_DEFAULT_MIIMON: what modes 4, 5 and 6 get when miimon is 0."""
NEEDS_MII = frozenset({BondMode.IEEE8023AD, BondMode.BALANCE_TLB, BondMode.BALANCE_ALB})


def write_option(state: BondState, mode: Mode, name: str, text: str, *, now: Instant) -> None:
    """Write `text` to the option `name`, as into Linux's sysfs file. Raises RefusedError."""
    option = OPTIONS.get(name)
    if option is None or option.is_per_port:
        why = "it is an option of a port" if option else "Linux's bonding driver has no such option"
        raise RefusedError(errno.ENOENT, f"unknown option {name!r} of a bond", why)
    _refuse_by_state(state, option)
    if option.is_raw:
        (RAW_ACTIONS | TARGET_ACTIONS)[name](state, mode, text, now=now)
        return
    value = option.parse(text)
    _NUMBER_ACTIONS.get(name, _store)(state, mode, option, value, now=now)


def _refuse_by_state(state: BondState, option: Option) -> None:
    mode = state.options.mode
    what = f"{option.name} is not changed"
    if mode in option.rejects:
        names = OPTIONS["mode"]
        allowed = ", ".join(names.name_of(m) for m in BondMode if m not in option.rejects)
        why = f"it needs mode {allowed}; {state.name} is {names.name_of(mode)}"
        raise RefusedError(errno.EACCES, what, why)
    if option.needs_no_ports and state.ports:
        remedy = f"pybondd remove {state.name} " + " ".join(port.name for port in state.ports)
        raise RefusedError(errno.ENOTEMPTY, what, f"{state.name} has ports", remedy)
    if option.needs_bond_down and state.is_open:
        raise RefusedError(
            errno.EBUSY, what, f"{state.name} is up", f"ip link set {state.name} down"
        )


def _store(state: BondState, mode: Mode, option: Option, value: int, *, now: Instant) -> None:
    setattr(state.options, option.field, value)


def _set_mode(state: BondState, mode: Mode, option: Option, value: int, *, now: Instant) -> None:
    options = state.options
    options.mode = BondMode(value)
    if options.mode in NEEDS_MII:
        options.arp_interval = 0
        options.miimon = options.miimon or DEFAULT_MIIMON_MS
    if options.mode is BondMode.BALANCE_ALB:
        options.tlb_dynamic_lb = 1
    options.arp_validate = 0
    options.broadcast_neighbor = 0


def _set_miimon(state: BondState, mode: Mode, option: Option, value: int, *, now: Instant) -> None:
    options = state.options
    options.miimon = value
    if value and options.arp_interval:
        arp_monitoring.set_interval(state, 0)
        options.arp_validate = 0
    if not value:
        state.agenda.cancel("mii")
    elif state.is_open:
        state.agenda.cancel("arp")
        state.agenda.set("mii", at=now)


def _set_delay(state: BondState, mode: Mode, option: Option, value: int, *, now: Instant) -> None:
    miimon = state.options.miimon
    if not miimon:
        why = "delays are counted in polls of the MII monitor, and miimon is 0"
        raise RefusedError(errno.EPERM, f"{option.name} is not changed", why, "set miimon first")
    ticks, rest = divmod(value, miimon)
    if rest:
        becomes = f"it becomes {ticks * miimon} ms"
        state.warn(f"{option.name} {value} is no multiple of miimon {miimon}; {becomes}")
    setattr(state.options, option.field, ticks)


def _set_arp_interval(
    state: BondState, mode: Mode, option: Option, value: int, *, now: Instant
) -> None:
    arp_monitoring.set_interval(state, value)
    if value:
        state.options.miimon = 0
        state.agenda.cancel("mii")
    if value and state.is_open:
        arp_monitoring.start(state, now=now)
    elif state.is_open:
        arp_monitoring.stop(state)


def _set_primary_reselect(
    state: BondState, mode: Mode, option: Option, value: int, *, now: Instant
) -> None:
    state.options.primary_reselect = value
    failover.select(state, mode, now=now)


def _set_all_slaves_active(
    state: BondState, mode: Mode, option: Option, value: int, *, now: Instant
) -> None:
    if value == state.options.all_slaves_active:
        return
    state.options.all_slaves_active = value
    for port in state.ports:
        if port.is_backup:
            port.is_inactive = not value


def _set_need_of_carrier(
    state: BondState, mode: Mode, option: Option, value: int, *, now: Instant
) -> None:
    """What the carrier needs is another thing now."""
    setattr(state.options, option.field, value)
    failover.update_carrier(state, mode)


_NUMBER_ACTIONS: Mapping[str, Callable[..., None]] = {
    "mode": _set_mode,
    "miimon": _set_miimon,
    "updelay": _set_delay,
    "downdelay": _set_delay,
    "peer_notif_delay": _set_delay,
    "arp_interval": _set_arp_interval,
    "primary_reselect": _set_primary_reselect,
    "all_slaves_active": _set_all_slaves_active,
    "min_links": _set_need_of_carrier,
    "lacp_strict": _set_need_of_carrier,
}
