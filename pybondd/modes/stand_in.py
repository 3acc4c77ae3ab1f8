"""Who hears what is still sent to the address of a dead port?

Clients go on sending to it until they are told otherwise. So the active port teaches the switch
that the address is behind it now, and hears every destination for a while. Source: Linux 6.12
bond_alb.c rlb_teach_disabled_mac_on_primary, bond_alb_monitor.
"""

from typing import Final

from pybondd.balance.learning import teach
from pybondd.modes.failover import set_promiscuous
from pybondd.port import Port
from pybondd.state import BondState

STAND_IN_TICKS: Final = 100
"""Linux 6.12 bond_alb.h RLB_PROMISC_TIMEOUT: ten seconds, after which all clients were told."""


class StandIn:
    """The port that hears more than its own address, if there is one. `ticks` it did so."""

    def __init__(self) -> None:
        self.port: Port | None = None
        self.ticks = 0

    def take_over(self, state: BondState, mac: bytes) -> None:
        """Let the active port, if there is one, stand in for this address."""
        active = state.active
        if active is None:
            return
        if self.port is None:
            self.port = active
            active.stands_in = True
            set_promiscuous(state, active, is_promiscuous=state.is_promiscuous)
        self.ticks = 0
        teach(state, active, mac, is_strict=True)

    def stop(self, state: BondState) -> None:
        """Nobody stands in any more."""
        port, self.port = self.port, None
        if port:
            self.ticks = 0
            port.stands_in = False
            hears_all = state.is_promiscuous and port is state.active
            set_promiscuous(state, port, is_promiscuous=hears_all)

    def tick(self, state: BondState) -> None:
        """A tenth of a second has passed."""
        if self.port:
            self.ticks += 1
            if self.ticks >= STAND_IN_TICKS:
                self.stop(state)
