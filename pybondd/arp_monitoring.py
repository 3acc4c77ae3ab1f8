"""One pass of the ARP monitor over the whole bond: look, act on it, ask again.

Two variants. Where all ports work (modes 0, 2, 3) every port asks in each pass and must be heard.
In active-backup only the active port asks; the others live on what they hear of it, and when there
is no active port one after the other is tried.

Source: Linux 6.12 bond_main.c bond_loadbalance_arp_mon, bond_activebackup_arp_mon, bond_open,
bond_close; bond_options.c bond_option_arp_interval_set; bonding.rst: arp_interval.
"""

from pybondd.effects import HearPort, Hears
from pybondd.modes import announcing, failover
from pybondd.modes.base import Mode
from pybondd.monitors.arp_probes import send_probes
from pybondd.monitors.arp_verdicts import Verdicts, judge_backup_ports, judge_working_port
from pybondd.port import Link, Port
from pybondd.state import BondState
from pybondd.units import Instant, milliseconds


def set_interval(state: BondState, interval_ms: int) -> None:
    """Another arp_interval; the ports are heard exactly while there is one."""
    was_on, state.options.arp_interval = bool(state.options.arp_interval), interval_ms
    if bool(interval_ms) != was_on:
        for port in state.ports:
            state.ask(HearPort(port.ifindex, Hears.PROBES if interval_ms else Hears.NOTHING))


def start(state: BondState, *, now: Instant) -> None:
    """Listen, and have the first pass at once; one that is planned already stays where it is."""
    if state.probing.listens_since_ns is None:
        state.probing.listens_since_ns = now
    if not state.agenda.holds("arp"):
        state.agenda.set("arp", at=now)


def stop(state: BondState) -> None:
    """No further pass; without validation Linux goes on listening."""
    state.agenda.cancel("arp")
    if state.options.arp_validate:
        state.probing.listens_since_ns = None


def close(state: BondState) -> None:
    """The bond interface was set down: no pass, and nothing is heard."""
    state.agenda.cancel("arp")
    state.probing.listens_since_ns = None


def arp_pass(state: BondState, mode: Mode, *, now: Instant) -> None:
    """The poll, and when the next one is due."""
    if mode.has_primary:
        _backup_pass(state, mode, now=now)
    else:
        _spreading_pass(state, mode, now=now)
    state.agenda.set("arp", at=now + milliseconds(state.options.arp_interval))


# -- all ports work


def _spreading_pass(state: BondState, mode: Mode, *, now: Instant) -> None:
    verdicts: Verdicts = {}
    election_wanted = False
    for port in state.ports:
        verdict = judge_working_port(state, port, now=now)
        if verdict is not None:
            verdicts[port.ifindex] = verdict
            election_wanted |= _tell(state, port, verdict)
        if port.facts.is_running:
            send_probes(state, port, now=now)
    if verdicts:
        _take_roles(state, mode, verdicts)
    if election_wanted:
        failover.select(state, mode, now=now)


def _tell(state: BondState, port: Port, verdict: Link) -> bool:
    """Report and count a change; is an election wanted?"""
    if verdict is Link.DOWN:
        port.count_failure()
        state.report("interface is now down", port)
        return port is state.active
    nobody = state.active is None
    state.report("link status definitely up" if nobody else "interface is now up", port)
    return nobody


def _take_roles(state: BondState, mode: Mode, verdicts: Verdicts) -> None:
    for port in state.ports:
        port.link = verdicts.get(port.ifindex, port.link)
        if port.link is Link.UP:
            port.is_backup = False
        elif port.link is Link.DOWN:
            port.is_backup = True
    mode.device_changed(state)


# -- one port works


def _backup_pass(state: BondState, mode: Mode, *, now: Instant) -> None:
    was_due = announcing.is_due(state)
    verdicts = judge_backup_ports(state, now=now)
    if verdicts:
        _commit(state, mode, verdicts, now=now)
    _probe(state, now=now)
    if was_due and state.notifications_left:
        state.notifications_left -= 1
        announcing.announce(state)


def _commit(state: BondState, mode: Mode, verdicts: Verdicts, *, now: Instant) -> None:
    election_wanted = False
    for port in state.ports:
        match verdicts.get(port.ifindex):
            case Link.UP:
                election_wanted |= _came_up(state, port)
            case Link.DOWN:
                election_wanted |= _went_down(state, port)
            case Link.FAIL:
                _was_tried_in_vain(state, port)
    if election_wanted:
        failover.select(state, mode, now=now)
    failover.update_carrier(state, mode)


def _came_up(state: BondState, port: Port) -> bool:
    """A port that answers is UP; is an election wanted?

    The active port is left as it is, as in Linux: it may be FAIL if the carrier monitor just was.
    """
    if port is state.active:
        return False
    port.link = Link.UP
    candidate = state.probing.candidate
    if candidate is not None:
        state.set_inactive(candidate)
        state.probing.candidate = None
    state.report("link status definitely up", port)
    return state.active is None or port is state.primary or port.prio > state.active.prio


def _went_down(state: BondState, port: Port) -> bool:
    """Give the port up; is an election wanted?"""
    port.count_failure()
    port.link = Link.DOWN
    state.report("link status definitely down, disabling it", port)
    return port is state.active


def _was_tried_in_vain(state: BondState, port: Port) -> None:
    """The candidate was not heard within its interval."""
    port.link = Link.FAIL
    state.set_inactive(port)
    if state.active is not None:
        state.probing.candidate = None


def _probe(state: BondState, *, now: Instant) -> None:
    """Ask by the active port; without one, by the next candidate, which works for an interval."""
    if state.active is not None:
        send_probes(state, state.active, now=now)
        return
    candidate = _next_candidate(state)
    for port in state.ports:
        if port.link is Link.UP and not port.facts.is_running:
            _was_down_unnoticed(state, port)
    if candidate is None:
        return
    candidate.link = Link.BACK
    state.set_active(candidate)
    send_probes(state, candidate, now=now)
    candidate.last_link_up_ns = now
    state.probing.candidate = candidate


def _next_candidate(state: BondState) -> Port | None:
    """The first usable port behind the last candidate, around to that one again.

    Without a last candidate the search begins behind the first port, as in Linux.
    """
    last = state.probing.candidate
    start = 1 if last is None else state.ports.index(last) + 1
    in_turn = state.ports[start:] + state.ports[:start]
    return next((port for port in in_turn if port.facts.is_running), None)


def _was_down_unnoticed(state: BondState, port: Port) -> None:
    """It lost its link together with the active port, and the election passed it over."""
    port.link = Link.DOWN
    port.count_failure()
    state.set_inactive(port)
    state.report("backup interface is now down", port)
