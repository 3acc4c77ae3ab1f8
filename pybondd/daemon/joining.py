"""How do interfaces join and leave a running bond, all or none?"""

import errno

from pybondd.daemon.causes import facts_text
from pybondd.daemon.loop import Engine, refusal_in
from pybondd.daemon.refusal import CommandRefusedError, Refusal
from pybondd.daemon.refusals import from_bond, from_linux, refuse_ports
from pybondd.daemon.watch import Watcher
from pybondd.effects import Report, SetPortMac, Severity
from pybondd.events import EffectFailed, Event, PortOffered, PortReady, PortReleased
from pybondd.linux.errors import LinuxError
from pybondd.linux.executor import Executor
from pybondd.linux.interface import Interface
from pybondd.linux.netlink import Route
from pybondd.option import BondMode
from pybondd.options import OPTIONS
from pybondd.port import LinkFacts, Port
from pybondd.suggest import suggestion

_SWAPS_MACS = frozenset({BondMode.BALANCE_TLB, BondMode.BALANCE_ALB})
"""In these ports exchange their addresses at a failover, while they are up."""


class Joining:
    """Brings ports in and out. `notes` collects what people should know of it."""

    def __init__(self, engine: Engine, executor: Executor, route: Route, watcher: Watcher) -> None:
        """Nothing happens yet."""
        self._engine = engine
        self._executor = executor
        self._route = route
        self._watcher = watcher
        self._state = engine.bond.state

    def add(self, names: list[str], *, may_cut_default_route: bool) -> list[str]:
        """Let all join; returns notes for people. Raises CommandRefusedError: then none joined."""
        self._refuse_members(names)
        bond = self._state.name
        refuse_ports(self._route, names, bond, may_cut_off=may_cut_default_route)
        found = [self._route.interface(name) for name in names]
        self._refuse_by_trial(found)
        joined: list[int] = []
        try:
            for interface in found:
                self._join(interface)
                joined.append(interface.ifindex)
        except CommandRefusedError:
            for ifindex in reversed(joined):
                self._engine.feed(PortReleased(ifindex))
            raise
        finally:
            self.settle()
        return [
            f"{each.name} was up; it was set down to join, as ifenslave does"
            for each in found
            if each.is_up
        ]

    def remove(self, names: list[str]) -> None:
        """Let all leave. Raises CommandRefusedError: then none left."""
        ports = [self.member(name) for name in names]
        for port in ports:
            self._engine.feed(PortReleased(port.ifindex))
        self.settle()

    def member(self, name: str) -> Port:
        """The port of this name. Raises CommandRefusedError."""
        port = self._state.port_by_name(name)
        if port is None:
            known = [each.name for each in self._state.ports]
            remedy = suggestion(name, known) or f"its ports: {' '.join(known) or 'none'}"
            why = f"there is no port of this name in {self._state.name}"
            raise CommandRefusedError(
                Refusal(f"{name} is no port of {self._state.name}", why, remedy, errno.EINVAL)
            )
        return port

    def settle(self) -> None:
        """Give back every port that is not in the bond any more, and report what could not be."""
        for restored in self._executor.settle():
            texts = [f"given back: {', '.join(restored.done)}"] if restored.done else []
            reports = [Report(Severity.INFO, restored.name, text) for text in texts]
            reports += [
                Report(Severity.ERROR, restored.name, f"not given back: {text}")
                for text in restored.failed
            ]
            self._engine.note("a port has left", [*reports])

    def _join(self, interface: Interface) -> None:
        what = f"{interface.name} cannot join {self._state.name}"
        try:
            down = self._executor.prepare(interface.ifindex)
            offer = _offered(down, self._watcher.facts(down))
            refuse = refusal_in(self._engine.feed(offer))
            if refuse is not None:
                raise from_bond(refuse, str(self._executor.last_error or ""))
            self._refuse_fixed_mac(interface)
            facts = self._watcher.facts(self._route.interface(interface.ifindex))
        except LinuxError as error:
            raise from_linux(what, error) from error
        cause = f"{interface.name} is ready: {facts_text(facts)}"
        self._engine.feed(PortReady(interface.ifindex, facts), cause)

    def _refuse_fixed_mac(self, interface: Interface) -> None:
        """Linux tries it too, and refuses (6.12 bond_alb.c bond_alb_init_slave)."""
        mode = self._state.options.mode
        ifindex = interface.ifindex
        if mode not in _SWAPS_MACS or self._executor.changes_mac_while_up(ifindex):
            return
        failed = EffectFailed(SetPortMac(ifindex, interface.mac), errno.EOPNOTSUPP)
        refuse = refusal_in(self._engine.feed(failed))
        assert refuse is not None, "the bond goes on without an address that it needs"
        raise CommandRefusedError(
            Refusal(
                refuse.what,
                f"its driver gives an interface that is up no other address, which mode "
                f"{OPTIONS['mode'].name_of(mode)} needs: {self._executor.last_error}",
                "take another interface, or mode active-backup with fail_over_mac=active",
                errno.EOPNOTSUPP,
            )
        )

    def _refuse_members(self, names: list[str]) -> None:
        for name in names:
            if self._state.port_by_name(name) is not None:
                what = f"{name} cannot join {self._state.name}"
                why = "it is a port of this bond already"
                remedy = f"the ports: pybondd status {self._state.name}"
                raise CommandRefusedError(Refusal(what, why, remedy, errno.EBUSY))

    def _refuse_by_trial(self, found: list[Interface]) -> None:
        events = [event for each in found for event in joining_events(each)]
        refused = self._engine.first_refusal(events)
        if refused is not None:
            raise from_bond(refused[1])


def joining_events(interface: Interface) -> list[Event]:
    """What a bond will be told when this interface joins, for a trial: down, then up."""
    return [_offered(interface, LinkFacts(is_up=False)), PortReady(interface.ifindex, LinkFacts())]


def _offered(interface: Interface, facts: LinkFacts) -> PortOffered:
    return PortOffered(interface.ifindex, interface.name, interface.mac, interface.mtu, facts)
