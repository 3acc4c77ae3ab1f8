"""Ports of LACP to begin a test with, and a way to compare all that is known of one.

A starting point that LACP reaches by itself is reached so: by passes and by what a partner says.
All of them follow Linux; a test of what is mended says so.
"""

from collections.abc import Callable
from dataclasses import asdict, fields, replace

from pybondd.lacp.aggregator import Aggregator
from pybondd.lacp.boxes import MuxBox, ReceiveBox
from pybondd.lacp.joining import bind
from pybondd.lacp.passes import frame_received, link_changed, run_pass
from pybondd.lacp.port import TRANSMIT_WINDOW_PASSES, AggregationPort
from pybondd.lacp.system import Complaint, Follows, Move, Settings, System, Transmission
from pybondd.port import Duplex, Link, LinkFacts, Port
from pybondd.wire.slow import Lacpdu, Participant, PortState, build_lacpdu

OURS = bytes.fromhex("02000000a000")
THEIRS = bytes.fromhex("02000000b000")
STRANGER = bytes.fromhex("02000000c000")
KEY_10G = 15

PARTNER = Participant(0xFFFF, THEIRS, KEY_10G, 0xFF, 1, 0)
"""Another Linux bond; its state is said by the test."""

_LETTERS = "ATGSCDFE"


def state(letters: str) -> int:
    """The state octet with these bits of ATGSCDFE; dashes mean nothing."""
    assert set(letters) <= set(_LETTERS + "-")
    return sum(1 << _LETTERS.index(letter) for letter in letters if letter != "-")


def partner(letters: str, *, number: int = 1, system: bytes = THEIRS) -> Participant:
    """The partner's side with this state."""
    return replace(PARTNER, state=state(letters), port_number=number, system=system)


def interface(
    ifindex: int, *, mbps: int | None = 10_000, duplex: Duplex | None = Duplex.FULL, up: bool = True
) -> Port:
    """An interface whose link the monitor trusts (or not, with `up` False)."""
    facts = LinkFacts(is_up=True, has_carrier=up, speed_mbps=mbps, duplex=duplex)
    mac = bytes.fromhex("0200000000") + bytes([ifindex])
    link = Link.UP if up else Link.DOWN
    return Port(
        ifindex, f"eth{ifindex}", mac, mac, 1500, facts, link, speed_mbps=mbps, duplex=duplex
    )


def system_with(**settings: object) -> System:
    """A system without ports; fast unless told otherwise, so that everything happens in seconds."""
    return System(Settings(**{"is_fast": True, "follows": Follows.LINUX, **settings}))


def join(system: System, ifindex: int = 1, **about: object) -> AggregationPort:
    """A port joins, as with `ip link set ... master`: not in use, nothing has run."""
    member = interface(ifindex, **about)
    member.is_backup = member.is_inactive = True
    return bind(system, member, address=OURS)


def open_system(*, ports: int = 1, **settings: object) -> System:
    """Ports have joined, then the bond was set up: no hold, nothing has run."""
    system = system_with(**settings)
    for ifindex in range(1, ports + 1):
        join(system, ifindex)
    system.selection_hold = 1
    return system


def port_joined(**settings: object) -> AggregationPort:
    """The only port of an open bond, before its first pass."""
    return open_system(**settings).ports[0]


def run(port: AggregationPort, count: int = 1) -> None:
    """That many passes of the whole system."""
    for _ in range(count):
        run_pass(port.system)


def said(port: AggregationPort, letters: str, *, by: Participant = PARTNER) -> Lacpdu:
    """An LACPDU in which the partner has this state and knows us as we are."""
    return Lacpdu(replace(by, state=state(letters)), port.actor)


def hear(port: AggregationPort, letters: str, *, by: Participant = PARTNER) -> None:
    """The partner says so."""
    frame_received(port, build_lacpdu(said(port, letters, by=by), source=by.system))


def port_expired(**settings: object) -> AggregationPort:
    """Two passes after the start: it asks, nobody has answered."""
    port = port_joined(**settings)
    run(port, 2)
    assert port.receive_box is ReceiveBox.EXPIRED
    return port


def port_defaulted(**settings: object) -> AggregationPort:
    """Nobody has answered for three seconds."""
    port = port_expired(**settings)
    run(port, 30)
    assert port.receive_box is ReceiveBox.DEFAULTED
    return port


def port_current(**settings: object) -> AggregationPort:
    """The partner has spoken; the next pass will select an aggregator for it."""
    port = port_expired(**settings)
    hear(port, "ATG")
    assert port.receive_box is ReceiveBox.CURRENT
    return port


def port_waiting(**settings: object) -> AggregationPort:
    """Selected, and waiting for other ports."""
    port = port_current(**settings)
    run(port)
    assert port.mux_box is MuxBox.WAITING
    return port


def port_attached(**settings: object) -> AggregationPort:
    """It has waited, and is in sync; the partner is not yet."""
    port = port_waiting(**settings)
    for _ in range(20):
        hear(port, "ATG")
        run(port)
    assert port.mux_box is MuxBox.ATTACHED
    return port


def port_collecting(**settings: object) -> AggregationPort:
    """Independent control: the partner is in sync, but does not collect yet."""
    port = port_attached(is_coupled=False, **settings)
    hear(port, "ATGS")
    # Mended, it first waits until an LACPDU has left.
    run(port, TRANSMIT_WINDOW_PASSES + 1 if port.is_mended else 1)
    assert port.mux_box is MuxBox.COLLECTING
    return port


def port_distributing(**settings: object) -> AggregationPort:
    """Both sides carry traffic, under coupled control unless told otherwise."""
    port = port_attached(**settings)
    hear(port, "ATGSCD")
    run(port, 2)
    assert port.mux_box in (MuxBox.COLLECTING_DISTRIBUTING, MuxBox.DISTRIBUTING)
    return port


def link(port: AggregationPort, *, up: bool) -> None:
    """The cable is pulled or put back, and the monitor has seen it."""
    member = port.member
    assert isinstance(member, Port)
    member.facts = replace(member.facts, has_carrier=up)
    member.link = Link.UP if up else Link.DOWN
    link_changed(port, is_up=up)


def everything(port: AggregationPort) -> dict[str, object]:
    """All that LACP knows of a port, the roles it gave the interface, and what it asked for."""
    seen: dict[str, object] = {field.name: getattr(port, field.name) for field in fields(port)}
    del seen["system"], seen["member"]
    seen["actor"], seen["actor_state"] = _apart(port.actor)
    seen["partner"], seen["partner_state"] = _apart(port.partner)
    seen["own"], seen["aggregator"] = all_of(port.own), all_of(port.aggregator)
    seen["counters"] = asdict(port.counters)
    seen["is_backup"], seen["is_inactive"] = port.member.is_backup, port.member.is_inactive
    seen["sent"], seen["told"] = sent(port.system), told(port.system)
    return seen


def _apart(side: Participant) -> tuple[Participant, str]:
    return replace(side, state=0), PortState(side.state).letters


def all_of(aggregator: Aggregator | None) -> tuple[object, ...] | None:
    """An aggregator with the names of its ports, newest first."""
    if aggregator is None:
        return None
    values = [getattr(aggregator, field.name) for field in fields(aggregator)]
    return (*values[:-1], [port.name for port in aggregator.ports])


def sent(system: System) -> list[bytes]:
    return [wish.frame for wish in system.outbox if isinstance(wish, Transmission)]


def told(system: System) -> list[str]:
    return [wish.text for wish in system.outbox if isinstance(wish, Complaint)]


def moves(system: System, machine: str) -> list[tuple[str, str]]:
    return [
        (wish.old.name if wish.old else "", wish.new.name)
        for wish in system.outbox
        if isinstance(wish, Move) and wish.machine == machine
    ]


def changes(
    port: AggregationPort, action: Callable[[AggregationPort], object]
) -> dict[str, object]:
    """All that differs after this, with its new value."""
    before = everything(port)
    action(port)
    after = everything(port)
    return {name: after[name] for name in after if after[name] != before[name]}


def port_with(*, follows: Follows = Follows.LINUX, **values: object) -> AggregationPort:
    """The one port of a running system with these variables, whether LACP could bring it there.

    `actor_state` and `partner_state` are letters. Without further words the port is selected and
    matched, in an active aggregator, and knows its partner.
    """
    port = port_joined(follows=follows)
    port.begin, port.selected, port.matched = False, True, True
    port.partner = partner("ATG")
    port.aggregator = port.own
    port.own.ports, port.own.is_active, port.own.partner_system = [port], True, THEIRS
    port.system.selection_hold = 0
    for name, value in values.items():
        match name:
            case "actor_state":
                port.actor = replace(port.actor, state=state(str(value)))
            case "partner_state":
                port.partner = replace(port.partner, state=state(str(value)))
            case "is_backup" | "is_inactive":
                setattr(port.member, name, value)
            case _:
                setattr(port, name, value)
    return port
