"""What does LACP cost? python tools/bench/lacp_pass.py [PORTS ...]

Two bonds of so many ports each, joined by cables, in virtual time. Measured is the processor time
of one of them: a pass (all of `Bond.advance`, every 100 ms) while the ports negotiate and while
they all distribute, and what one LACPDU costs that comes in. Both bonds are fast: each port speaks
and hears once a second.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median

from pybondd.bond import Bond
from pybondd.effects import Effect, SendFrame
from pybondd.events import BondOpened, OptionWritten, PortFrame, PortOffered, PortReady
from pybondd.port import Duplex, LinkFacts
from pybondd.units import milliseconds

PORTS = (1, 8, 64, 255)
PASS_MS = 100
NEGOTIATED_MS = 5_000
END_MS = 15_000
BUDGET_MS = 5
"""A pass of 255 ports may take so long: a twentieth of the time between two passes."""
OPTIONS = {"mode": "802.3ad", "miimon": 100, "lacp_rate": "fast"}
UP = LinkFacts(is_up=True, has_carrier=True, speed_mbps=10_000, duplex=Duplex.FULL)
DOWN = replace(UP, is_up=False, has_carrier=False)


@dataclass
class Costs:
    """Processor time in seconds."""

    negotiating: list[float] = field(default_factory=list)
    distributing: list[float] = field(default_factory=list)
    sending: list[float] = field(default_factory=list)
    hearing: list[float] = field(default_factory=list)


def bond_of(ports: int, number: int) -> Bond:
    """A bond in mode 4 with all its ports, set up."""
    bond = Bond(f"bond{number}", mac=bytes([2, 0xB0, 0, 0, 0, number]))
    for name, value in OPTIONS.items():
        bond.handle(OptionWritten(name, str(value)), now=0)
    for ifindex in range(1, ports + 1):
        mac = bytes([2, number, 0, 0, 0, ifindex])
        bond.handle(PortOffered(ifindex, f"eth{ifindex}", mac, 1500, DOWN), now=0)
        bond.handle(PortReady(ifindex, UP), now=0)
    bond.handle(BondOpened(), now=0)
    return bond


def timed(call: Callable[[], list[Effect]]) -> tuple[float, list[Effect]]:
    started = time.process_time()
    effects = call()
    return time.process_time() - started, effects


def measure(ports: int) -> Costs:
    """Both bonds from their opening until they have distributed for ten seconds."""
    costs = Costs()
    bond, partner = bond_of(ports, 1), bond_of(ports, 2)
    for ms in range(0, END_MS, PASS_MS):
        now = milliseconds(ms)
        cost, sent = timed(lambda: bond.advance(now=now))  # noqa: B023 - called at once
        heard = partner.advance(now=now)
        for effect in sent:
            if isinstance(effect, SendFrame):
                partner.handle(PortFrame(effect.ifindex, effect.frame), now=now)
        hearing = deliver(bond, heard, now)
        sort(costs, ms, cost, sent, hearing)
    assert len(bond.table.tx_ports) == ports, "they do not all distribute"
    return costs


def deliver(bond: Bond, heard: list[Effect], now: int) -> list[float]:
    frames = [effect for effect in heard if isinstance(effect, SendFrame)]
    return [
        timed(lambda: bond.handle(PortFrame(each.ifindex, each.frame), now=now))[0]  # noqa: B023
        for each in frames
    ]


def sort(costs: Costs, ms: int, cost: float, sent: list[Effect], hearing: list[float]) -> None:
    costs.hearing += hearing
    if ms < NEGOTIATED_MS:
        costs.negotiating.append(cost)
    elif any(isinstance(effect, SendFrame) for effect in sent):
        costs.sending.append(cost)
    else:
        costs.distributing.append(cost)


def main(arguments: list[str]) -> None:
    print("ms a pass          all distributing           negotiating      µs an")
    print("ports      median   of 5 ms   all send     median   longest   LACPDU")
    for ports in [int(each) for each in arguments] or PORTS:
        costs = measure(ports)
        idle, sending = median(costs.distributing) * 1e3, median(costs.sending) * 1e3
        start, longest = median(costs.negotiating) * 1e3, max(costs.negotiating) * 1e3
        heard = median(costs.hearing) * 1e6
        print(
            f"{ports:5} {idle:11.3f} {idle / BUDGET_MS:8.1%} {sending:10.3f}"
            f" {start:10.3f} {longest:9.3f} {heard:8.1f}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
