"""One side of a recording as a bond: what does it do when this happens to it?"""

import copy
import errno
import pickle
from dataclasses import fields

from iproute2_words import NETLINK_ORDER, WITHOUT_VALUE, WORDS_OF_IPROUTE2, pairs

from pybondd.bond import Bond
from pybondd.effects import Refuse, SendFrame
from pybondd.events import (
    BondClosed,
    BondOpened,
    LinkChanged,
    OptionWritten,
    PortFrame,
    PortOffered,
    PortOptionWritten,
    PortReady,
    PortReleased,
)
from pybondd.lacp.port import AggregationPort
from pybondd.port import LinkFacts
from pybondd.units import SECOND_NS, milliseconds

ORIGIN_S = 1000
"""Where time starts: zero means "never" in places."""
DOWN = LinkFacts(is_up=False, has_carrier=False, speed_mbps=10_000)
BOXES = {"rx": "receive_box", "periodic": "periodic_box", "mux": "mux_box"}
"""The machines that the kernel's log tells of, by its names for them."""
_MACHINERY = {"system", "member", "own", "aggregator", "counters"}
_PORT_FIELDS = [
    field.name
    for field in fields(AggregationPort)
    if field.name not in _MACHINERY and not field.name.endswith("_ns")
]


def bits(state):
    """A port state as the recordings write it."""
    return "".join(letter if state >> n & 1 else "-" for n, letter in enumerate("ATGSCDFE"))


class RefusedDeedError(Exception):
    """The bond refused what the recorded one did."""


class Side:
    """A bond that is driven by hand: its passes and polls happen only when told."""

    def __init__(self, *, follows, macs):
        self.macs = macs
        self.numbers = {name: number for number, name in enumerate(sorted(macs), start=1)}
        self.bond = Bond("bond0", mac=bytes.fromhex("02b000000001"))
        self.now = ORIGIN_S * SECOND_NS
        self.keeps_moves = self.keeps_history = False
        self.history = []
        self._moves = None
        self._boxes = {}
        self._do(OptionWritten("mode", "802.3ad"))
        self._do(OptionWritten("lacp_follows", follows))

    def copy(self):
        twin = copy.copy(self)
        # Quicker than deepcopy, and a bond is nothing but values.
        twin.history, twin._boxes = list(self.history), dict(self._boxes)
        twin.bond = pickle.loads(pickle.dumps(self.bond))
        return twin

    # -- what happens

    def set_now(self, seconds):
        self.now = max(self.now, round((ORIGIN_S + seconds) * SECOND_NS))

    def set_options(self, words):
        wanted = {WORDS_OF_IPROUTE2.get(k, k): v for k, v in pairs(words, WITHOUT_VALUE)}
        order = [*NETLINK_ORDER, *sorted(set(wanted) - set(NETLINK_ORDER))]
        for option in sorted(wanted, key=order.index):
            self._do(OptionWritten(option, wanted[option]))

    def set_port_options(self, name, words):
        for option, value in pairs(words):
            self._do(PortOptionWritten(self.numbers[name], option, value))

    def enslave(self, name, facts):
        number = self.numbers[name]
        offered = PortOffered(number, name, self.macs[name], 1500, DOWN)
        self._do(offered)
        return self._do(PortReady(number, facts))

    def release(self, name):
        return self._do(PortReleased(self.numbers[name]))

    def delete(self):
        return [sent for port in list(self.bond.state.ports) for sent in self.release(port.name)]

    def open(self):
        return self._do(BondOpened())

    def close(self):
        return self._do(BondClosed())

    def link_changed(self, name, facts):
        """The kernel tells of a link; the monitor will see it at its next poll."""
        return self._do(LinkChanged(self.numbers[name], facts))

    def received(self, name, frame):
        sent = self._do(PortFrame(self.numbers[name], frame))
        self.look()
        return sent

    def poll(self):
        """The monitor looks at all links, if it runs."""
        return self._run("mii") if self._polls() else []

    def tick(self):
        """One pass of the LACP machines."""
        sent = self._run("ad") if self.bond.state.is_open else []
        self.look()
        return sent

    def pass_after(self):
        """Another pass, 100 ms later."""
        self.now += milliseconds(100)
        return self.tick()

    def look(self):
        """Note which machines have changed their box, and what is to be seen."""
        for port in self.lacp.ports:
            for machine in BOXES:
                box = getattr(port, BOXES[machine])
                if self._boxes.get((port.name, machine)) is not box:
                    self._boxes[port.name, machine] = box
                    if self.keeps_moves:
                        self._moves = (self._moves, port.name, machine, box)
        if self.keeps_history:
            self.history.append((self.view(), self.bond.table, self.bond.state.mac))

    def boxes_seen(self, name, machine):
        """The boxes that a machine of a port went to, in order."""
        seen, moves = [], self._moves
        while moves:
            moves, port, which, box = moves
            if (port, which) == (name, machine) and box is not None:
                seen.append(box.name)
        return seen[::-1]

    def _polls(self):
        return self.bond.state.is_open and self.bond.state.options.miimon

    def _run(self, name):
        agenda = self.bond.state.agenda
        for other in ("mii", "ad", "igmp"):
            agenda.cancel(other)
        agenda.set(name, at=self.now)
        return self._sent(self.bond.advance(now=self.now))

    def _do(self, event):
        effects = self.bond.handle(event, now=self.now)
        refusal = next((e for e in effects if isinstance(e, Refuse)), None)
        if refusal is not None:
            raise RefusedDeedError(f"{event}: {errno.errorcode[refusal.errno]} {refusal.why}")
        return self._sent(effects)

    def _sent(self, effects):
        return [(self.name_of(e.ifindex), e.frame) for e in effects if isinstance(e, SendFrame)]

    def name_of(self, number):
        return next(name for name, each in self.numbers.items() if each == number)

    # -- what is seen

    def has(self, name):
        return self.bond.state.port_by_name(name) is not None

    @property
    def lacp(self):
        return self.bond.mode.lacp

    def lacp_port(self, name):
        return self.bond.mode.lacp_port(self.bond.state.port_by_name(name))

    def view(self):
        """What netlink shows, in the words of the recordings."""
        active = self.lacp.active_aggregator
        bond = {"up": self.bond.state.is_open, "carrier": self._shows_carrier()}
        if active is not None:
            bond["ad"] = {
                "agg": active.id,
                "nports": active.enabled_port_count,
                "akey": active.key,
                "pkey": active.partner_key,
                "pmac": active.partner_system.hex(":"),
            }
        ports = {port.name: self._port_view(port) for port in self.bond.state.ports}
        return {"bond0": bond, **ports}

    def _shows_carrier(self):
        return self.bond.state.is_open and self.bond.state.has_carrier

    def _port_view(self, port):
        lacp = self.bond.mode.lacp_port(port)
        return {
            "up": port.facts.is_up,
            "carrier": port.facts.is_running,
            "state": "backup" if port.is_backup else "active",
            "mii": port.link.text,
            "failures": port.link_failure_count,
            "agg": lacp.aggregator.id if lacp.aggregator else None,
            "ast": bits(lacp.actor.state),
            "pst": bits(lacp.partner.state),
        }

    def counters(self, name):
        """What `ip link xstats` shows of a port."""
        return self.lacp_port(name).counters

    def fingerprint(self):
        """Two sides with the same one behave alike from now on."""
        lacp = self.lacp
        ports = [
            (
                *(getattr(port, name) for name in _PORT_FIELDS),
                port.aggregator and port.aggregator.id,
                (port.own.id, port.own.is_active, tuple(p.name for p in port.own.ports)),
                (port.member.link, port.member.is_backup, port.member.is_inactive),
                (port.member.facts, port.member.link_failure_count, port.counters.lacpdu_tx),
            )
            for port in lacp.ports
        ]
        state = self.bond.state
        rest = lacp.selection_hold, lacp.address, state.is_open, state.has_carrier
        return (*rest, hash(self._moves), tuple(ports))
