"""What does LACP know of one port? The variables of IEEE Std 802.1AX-2014 6.4.6 to 6.4.9.

Timers count passes of 100 ms; 0 is a timer that does not run. Booleans are named as the standard
names its variables.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from pybondd.lacp.boxes import ChurnBox, MarkerBox, MuxBox, PeriodicBox, ReceiveBox, TransmitBox
from pybondd.lacp.counters import LacpCounters
from pybondd.units import Instant
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import Lacpdu, Marker, Participant, PortState

if TYPE_CHECKING:
    from pybondd.lacp.aggregator import Aggregator
    from pybondd.lacp.system import System

DEFAULT_PORT_PRIORITY: Final = 255
"""Linux 6.12 bond_3ad.c ad_initialize_port."""
TRANSMIT_WINDOW_PASSES: Final = 3
"""At most three LACPDUs a second (IEEE Std 802.1AX-2014 6.4.16), which Linux keeps as one in three
passes: bond_3ad.c ad_ticks_per_sec / AD_MAX_TX_IN_SECOND."""

NO_PARTNER: Final = Participant(0xFFFF, NO_ADDRESS, 1, 0xFF, 1, 0)
"""The administrative values for a partner of whom nothing is known (Linux ad_initialize_port)."""


class Member(Protocol):
    """The interface behind a port: what LACP reads of it, and the two roles it sets on it.

    `is_link_up` is the monitor's opinion, `is_running` the kernel's at this moment. A backup does
    not transmit; what an inactive one receives is not delivered. `speed_mbps` None is unknown.
    """

    name: str
    is_backup: bool
    is_inactive: bool
    speed_mbps: int | None

    @property
    def ifindex(self) -> int:
        """Interface index."""

    @property
    def permanent_mac(self) -> bytes:
        """The source of its LACPDUs (6 octets)."""

    @property
    def is_link_up(self) -> bool:
        """The monitor trusts the link."""

    @property
    def is_running(self) -> bool:
        """Up and with a carrier."""

    @property
    def is_full_duplex(self) -> bool:
        """Known to be full duplex."""


@dataclass(slots=True, eq=False)
class AggregationPort:
    """One port of a system; Linux 6.12 bond_3ad.h struct port, struct ad_slave_info.

    `aggregator` is the one the port is in, `own` the one that came with it (another port may be
    in that). `is_rx_disabled` is a note that only the Mux machine reads; `is_sync_told` says that
    the last LACPDU that left told the partner that we are in sync. The field group "for people" is
    read by no machine: when an LACPDU last came and went, and how the partner described us in it.
    The group "for one pass" is set before a machine runs and read by its conditions.
    """

    system: "System"
    member: Member
    actor: Participant
    partner: Participant = NO_PARTNER
    own: "Aggregator" = field(init=False)
    aggregator: "Aggregator | None" = None

    begin: bool = True
    port_enabled: bool = True
    lacp_enabled: bool = True
    selected: bool = False
    matched: bool = False
    ready_n: bool = False
    ntt: bool = False
    churn_restart: bool = False
    is_rx_disabled: bool = True
    is_sync_told: bool = False
    is_loop_told: bool = False

    receive_box: ReceiveBox | None = None
    periodic_box: PeriodicBox | None = None
    mux_box: MuxBox | None = None
    actor_churn_box: ChurnBox = ChurnBox.CHURN_MONITOR
    partner_churn_box: ChurnBox = ChurnBox.CHURN_MONITOR
    transmit_box: TransmitBox = TransmitBox.WAIT
    marker_box: MarkerBox = MarkerBox.WAIT_FOR_MARKER

    current_while: int = 0
    periodic_timer: int = 0
    wait_while: int = 0
    actor_churn_timer: int = 0
    partner_churn_timer: int = 0
    transmit_window: int = TRANSMIT_WINDOW_PASSES

    actor_churn_count: int = 0
    partner_churn_count: int = 0
    counters: LacpCounters = field(default_factory=LacpCounters)
    pdus_this_pass: int = 0

    # For people.
    last_heard_ns: Instant | None = None
    last_spoken_ns: Instant | None = None
    picture: Participant | None = None

    # For one pass.
    received: Lacpdu | None = None
    received_marker: Marker | None = None
    current_while_expired: bool = False
    periodic_expired: bool = False
    actor_churn_expired: bool = False
    partner_churn_expired: bool = False
    window_opens: bool = False

    # Without int() the answer of `&` would be made into a PortState first, which takes 20 times as
    # long, and the machines ask a dozen times per port and pass.

    def actor_has(self, flag: PortState) -> bool:
        """Does our own state say so?"""
        return bool(self.actor.state & int(flag))

    def partner_has(self, flag: PortState) -> bool:
        """Does the partner's state, as we keep it, say so?"""
        return bool(self.partner.state & int(flag))

    def set_actor(self, flags: PortState, *, on: bool) -> None:
        """Change bits of our own state."""
        self.actor = _with_flags(self.actor, flags, on=on)

    def set_partner(self, flags: PortState, *, on: bool) -> None:
        """Change bits of the partner's state as we keep it."""
        self.partner = _with_flags(self.partner, flags, on=on)

    @property
    def is_mended(self) -> bool:
        """Whether the system heals what Linux leaves broken."""
        return self.system.settings.is_mended

    @property
    def is_in_active_aggregator(self) -> bool:
        """Whether the bond uses the aggregator that this port is in."""
        return self.aggregator is not None and self.aggregator.is_active

    @property
    def name(self) -> str:
        """The interface's name."""
        return self.member.name


def _with_flags(side: Participant, flags: PortState, *, on: bool) -> Participant:
    bits = int(flags)
    state = side.state | bits if on else side.state & ~bits
    return side if state == side.state else replace(side, state=state)
