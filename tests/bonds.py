"""Bonds to begin a test with, made as a daemon would make them: by events."""

from pybondd.bond import Bond
from pybondd.effects import Effect, Refuse, Report, SendFrame
from pybondd.events import BondOpened, LinkChanged, OptionWritten, PortOffered, PortReady
from pybondd.port import Duplex, LinkFacts
from pybondd.units import MILLISECOND_NS

BOND_MAC = bytes.fromhex("02b000000001")
UP = LinkFacts(is_up=True, has_carrier=True, speed_mbps=10000, duplex=Duplex.FULL)
CUT = LinkFacts(is_up=True, has_carrier=False, speed_mbps=10000, duplex=Duplex.FULL)
SET_DOWN = LinkFacts(is_up=False, has_carrier=False, speed_mbps=10000, duplex=Duplex.FULL)


def mac_of(ifindex: int) -> bytes:
    """The address port `ifindex` came with."""
    return bytes.fromhex("0200000000") + bytes([ifindex])


def write(bond: Bond, name: str, text: str, *, now: int = 0) -> list[Effect]:
    return bond.handle(OptionWritten(name, text), now=now)


def offer(bond: Bond, ifindex: int, *, mac: bytes | None = None, mtu: int = 1500, now: int = 0):
    event = PortOffered(ifindex, f"eth{ifindex}", mac or mac_of(ifindex), mtu, SET_DOWN)
    return bond.handle(event, now=now)


def enslave(bond: Bond, ifindex: int, facts: LinkFacts = UP, *, now: int = 0) -> list[Effect]:
    effects = offer(bond, ifindex, now=now)
    assert not [e for e in effects if isinstance(e, Refuse)], effects
    return effects + bond.handle(PortReady(ifindex, facts), now=now)


def bond_with(mode: str, *ifindices: int, is_open: bool = True, **options: object) -> Bond:
    """A bond in this mode with options written in order, ports joined, set up, one pass done."""
    bond = Bond("bond0", mac=BOND_MAC)
    for name, value in {"mode": mode, "miimon": 100, **options}.items():
        effects = write(bond, name, str(value))
        assert not [e for e in effects if isinstance(e, Refuse)], effects
    for ifindex in ifindices:
        enslave(bond, ifindex)
    if is_open:
        bond.handle(BondOpened(), now=0)
        bond.advance(now=0)
    return bond


def link(bond: Bond, ifindex: int, facts: LinkFacts, *, now: int) -> list[Effect]:
    return bond.handle(LinkChanged(ifindex, facts), now=now)


def polls(bond: Bond, count: int) -> list[Effect]:
    """Run the next `count` deadlines of the monitor, each at its time."""
    effects: list[Effect] = []
    for _ in range(count):
        deadline = bond.next_deadline()
        assert deadline, "nothing is planned"
        effects += bond.advance(now=deadline[0])
    return effects


def run(bond: Bond, until_ms: int) -> list[tuple[int, Effect]]:
    """Run all deadlines up to this instant; effects with the ms at which they were asked for."""
    seen: list[tuple[int, Effect]] = []
    while (deadline := bond.next_deadline()) and deadline[0] <= until_ms * MILLISECOND_NS:
        at = deadline[0]
        seen += [(at // MILLISECOND_NS, effect) for effect in bond.advance(now=at)]
    return seen


def active(bond: Bond) -> str | None:
    return bond.state.active.name if bond.state.active else None


def links(bond: Bond) -> list[str]:
    return [port.link.text for port in bond.state.ports]


def of_kind(effects: list[Effect], *kinds: type) -> list[Effect]:
    return [effect for effect in effects if isinstance(effect, kinds)]


def silent(effects: list[Effect]) -> list[Effect]:
    """Effects without reports."""
    return [effect for effect in effects if not isinstance(effect, Report)]


def frames(effects: list[Effect]) -> list[tuple[int, bytes]]:
    return [(e.ifindex, e.frame) for e in effects if isinstance(e, SendFrame)]
