"""What is true of a bond now? The one mutable thing that modes and monitors share."""

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum

from pybondd.agenda import Agenda
from pybondd.effects import Effect, PublishTable, Report, SetBondSpeed, Severity
from pybondd.events import HostAddress, TargetRoute
from pybondd.forwarding import ForwardingTable
from pybondd.option import BondMode
from pybondd.port import Duplex, Port
from pybondd.units import Duration, Instant


class PrimaryReselect(IntEnum):
    """primary_reselect: when does a returning primary take over?"""

    ALWAYS = 0
    BETTER = 1
    FAILURE = 2


class FailOverMac(IntEnum):
    """fail_over_mac: which address moves when the active port changes?"""

    NONE = 0
    ACTIVE = 1
    FOLLOW = 2


class BalanceFollows(IntEnum):
    """alb_follows: heal what Linux leaves broken in modes 5 and 6, or do what it does?"""

    MENDED = 0
    LINUX = 1


@dataclass(slots=True)
class OptionValues:
    """The stored value of every option; names are those of OPTIONS' `field`.

    updelay, downdelay and peer_notif_delay are kept in monitor passes ("ticks"), as Linux keeps
    them, so that a new miimon rescales them (bond_option_updelay_set). Other times are in ms.
    """

    mode: BondMode = BondMode.BALANCE_RR
    miimon: int = 0
    updelay: int = 0
    downdelay: int = 0
    peer_notif_delay: int = 0
    use_carrier: int = 1
    arp_interval: int = 0
    arp_ip_targets: list[bytes] = field(default_factory=list)
    ns_ip6_targets: list[bytes] = field(default_factory=list)
    arp_validate: int = 0
    arp_all_targets: int = 0
    arp_missed_max: int = 2
    primary: str = ""
    primary_reselect: int = PrimaryReselect.ALWAYS
    fail_over_mac: int = FailOverMac.NONE
    xmit_hash_policy: int = 0
    resend_igmp: int = 1
    num_peer_notif: int = 1
    all_slaves_active: int = 0
    min_links: int = 0
    lp_interval: int = 1
    packets_per_slave: int = 1
    lacp_active: int = 1
    lacp_rate: int = 0
    ad_select: int = 0
    ad_actor_sys_prio: int = 65535
    ad_user_port_key: int = 0
    ad_actor_system: bytes = bytes(6)
    tlb_dynamic_lb: int = 1
    coupled_control: int = 1
    lacp_strict: int = 0
    broadcast_neighbor: int = 0
    lacp_follows: int = 0
    alb_follows: int = BalanceFollows.MENDED


@dataclass(slots=True)
class Probing:
    """What the ARP monitor knows beside the ports' times.

    `candidate` is Linux's current_arp_slave: the port that active-backup tries while none is
    active. `listens_since_ns`: what ports hear counts from then on; None, it does not count.
    `routes` by target. `families_warned` by the octets of their addresses: no route to a target.
    """

    candidate: Port | None = None
    listens_since_ns: Instant | None = None
    routes: dict[bytes, TargetRoute] = field(default_factory=dict)
    families_warned: set[int] = field(default_factory=set)


@dataclass(slots=True)
class BondState:
    """A bond without its behaviour.

    `active` is Linux's curr_active: the port in use in the primary modes, elsewhere merely the
    first that came up (round-robin sends IGMP there). `must_take_primary` makes the next election
    take the primary whatever primary_reselect says. `notifications_left` counts as Linux counts:
    announcements times the delay between them in passes. `mac_before`, `mtu_before` and
    `macs_before` (by interface index, in the order of the changes) are what to go back to if an
    effect of the event being handled fails. `tick_ns`: the ARP monitor counts time in such steps;
    a kernel's are 1 to 10 ms, ours pass unnoticed. `outbox` collects what is asked of the
    world while one event is handled.
    """

    name: str
    mac: bytes
    seed: int
    options: OptionValues = field(default_factory=OptionValues)
    mtu: int = 1500
    mac_is_random: bool = True
    is_open: bool = False
    has_carrier: bool = False
    is_promiscuous: bool = False
    ports: list[Port] = field(default_factory=list)
    active: Port | None = None
    primary: Port | None = None
    must_take_primary: bool = False
    notifications_left: int = 0
    igmp_resends_left: int = 0
    interfaces: tuple[HostAddress, ...] = ()
    probing: Probing = field(default_factory=Probing)
    tick_ns: Duration = 1
    shown_speed: tuple[int | None, Duplex | None] = (None, None)
    mac_before: bytes | None = None
    mtu_before: int | None = None
    macs_before: dict[int, bytes] = field(default_factory=dict)
    table: ForwardingTable = field(default_factory=ForwardingTable)
    agenda: Agenda = field(default_factory=Agenda)
    outbox: list[Effect] = field(default_factory=list)
    random_macs_made: int = 0

    def ask(self, effect: Effect) -> None:
        """Put an effect into the outbox; order is kept."""
        self.outbox.append(effect)

    def report(self, text: str, port: Port | None = None) -> None:
        """Tell people what changed."""
        self.ask(Report(Severity.INFO, port.name if port else "", text))

    def warn(self, text: str, port: Port | None = None) -> None:
        """Tell people what they should look at."""
        self.ask(Report(Severity.WARNING, port.name if port else "", text))

    def fail(self, text: str, port: Port | None = None) -> None:
        """Tell people what did not work."""
        self.ask(Report(Severity.ERROR, port.name if port else "", text))

    def show_speed(self, speed_mbps: int | None, duplex: Duplex | None) -> None:
        """Show this speed on the bond interface, unless it is shown already."""
        if (speed_mbps, duplex) != self.shown_speed:
            self.shown_speed = (speed_mbps, duplex)
            self.ask(SetBondSpeed(speed_mbps, duplex))

    def forget_before(self) -> None:
        """A new event begins: what the last one asked for has been done."""
        self.mac_before = self.mtu_before = None
        self.macs_before.clear()

    def publish(self, table: ForwardingTable) -> None:
        """Let the data plane forward by `table`, unless it already does."""
        if table != self.table:
            self.table = table
            self.ask(PublishTable(table))

    def port_by_index(self, ifindex: int) -> Port | None:
        """The port with this interface index."""
        return next((port for port in self.ports if port.ifindex == ifindex), None)

    def port_by_name(self, name: str) -> Port | None:
        """The port with this name."""
        return next((port for port in self.ports if port.name == name), None)

    def role_text(self, port: Port) -> str:
        """What Linux calls a port in its messages: it names a role in active-backup only."""
        if self.options.mode is not BondMode.ACTIVE_BACKUP:
            return "interface"
        return "backup interface" if port.is_backup else "active interface"

    def random_mac(self) -> bytes:
        """A fresh locally administered unicast address; the sequence follows from the seed."""
        self.random_macs_made += 1
        seed = f"{self.seed}/{self.name}/{self.random_macs_made}".encode()
        octets = bytearray(hashlib.blake2b(seed, digest_size=6).digest())
        octets[0] = octets[0] & 0xFC | 0x02
        return bytes(octets)

    def set_inactive(self, port: Port) -> None:
        """Linux bonding.h bond_set_slave_inactive_flags; modes 5 and 6 keep no backup."""
        if self.options.mode not in (BondMode.BALANCE_TLB, BondMode.BALANCE_ALB):
            port.is_backup = True
        if not self.options.all_slaves_active:
            port.is_inactive = True

    def set_active(self, port: Port) -> None:
        """Linux bonding.h bond_set_slave_active_flags."""
        port.is_backup = False
        port.is_inactive = False
