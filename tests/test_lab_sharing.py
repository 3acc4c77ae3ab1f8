"""The labs of balance-tlb and balance-alb: recordings written by hand, judged and drawn."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from pybondd.lab import receive_sharing, transmit_sharing
from pybondd.lab.columns import Arrow, Column, PortBox, column_lines
from pybondd.lab.lab import Lab
from pybondd.lab.looking import GLANCE_NS, Look
from pybondd.lab.main import LABS
from pybondd.lab.parts import Way, parts
from pybondd.lab.probe_format import payload_of
from pybondd.lab.recording import (
    Action,
    Direction,
    Incident,
    Probe,
    Recording,
    SeenFrame,
    Setup,
    Sight,
)
from pybondd.lab.stage import NEVER_PROBED
from pybondd.lab.told import SWITCH, Manner, Told, all_told
from pybondd.lab.topology import NEAR_ADDRESS
from pybondd.units import MILLISECOND_NS as MS
from pybondd.units import Instant
from pybondd.wire.arp import Arp, ArpOperation, build_arp
from pybondd.wire.ethernet import BROADCAST, NO_ADDRESS, EthernetHeader, build_header
from pybondd.wire.ethertypes import ARP
from pybondd.wire.learning import learning_frame

PORTS = ("eth0", "eth1")
E0, E1 = bytes.fromhex("0200000000e0"), bytes.fromhex("0200000000e1")
OWN = {"eth0": E0, "eth1": E1}
SWAPPED = {"eth0": E1, "eth1": E0}
THERE, BACK = Direction.THERE, Direction.BACK
PART_NS, LOOK_NS = 1000 * MS, 700 * MS
"""Each part lasts a second and is looked at near its end."""


def mac_of(address: str) -> bytes:
    return bytes.fromhex(f"0200000000{address.split('.')[-1]}")


def ip(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def crossed(moment_ns: Instant, port: str, way: Direction, mac: bytes, probe: Probe) -> SeenFrame:
    """A probe or its answer, with `mac` as our address."""
    addresses = BROADCAST + mac if way is THERE else mac + BROADCAST
    octets = addresses + bytes(30) + payload_of(probe.flow, probe.sequence)
    return SeenFrame(moment_ns, port, way, octets)


def story(
    lab: Lab,
    *,
    sights: tuple[Sight, ...],
    out: tuple[tuple[str, ...], ...],
    back: tuple[tuple[str, ...], ...],
    incidents: tuple[Incident, ...],
    more: tuple[SeenFrame, ...] = (),
    lost: frozenset[int] = frozenset(),
) -> Recording:
    """A probe each millisecond; in part n flow f leaves by port out[n][f] and back by back[n][f].

    Addresses are those that the ports have in that part.
    """
    probes, frames = [], []
    for sequence in range(len(sights) * PART_NS // MS):
        sent_ns, flow = sequence * MS, lab.turns[sequence % len(lab.turns)]
        number = sent_ns // PART_NS
        probe = Probe(sequence, flow, sent_ns, () if sequence in lost else (sent_ns + 1,))
        probes.append(probe)
        macs = sights[number].port_macs
        for port, way in ((out[number][flow], THERE), (back[number][flow], BACK)):
            frames.append(crossed(sent_ns, port, way, macs[port], probe))
    setup = Setup(lab.name, lab.mode, 100, PORTS, len(lab.hosts), MS)
    ordered = tuple(sorted((*frames, *more), key=lambda frame: frame.moment_ns))
    ended_ns = len(probes) * MS
    return Recording(
        setup, 0, ended_ns, tuple(probes), (), (), incidents, (), ordered, sights=sights
    )


# -- alb

ALB = LABS["alb"]
C1, C2, C3 = ALB.hosts
DEALT = (("eth0", "eth1", "eth0"), ("eth0", "eth0", "eth0"), ("eth1", "eth0", "eth1"))
ALB_INCIDENTS = (
    Incident(1000 * MS, Action.CUT, "eth1"),
    Incident(2000 * MS, Action.REPAIR, "eth1"),
)


def reply(moment_ns: Instant, port: str, client: str, mac: bytes) -> SeenFrame:
    arp = Arp(ArpOperation.REPLY, mac, ip(NEAR_ADDRESS), mac_of(client), ip(client))
    header = EthernetHeader(mac_of(client), mac, ARP)
    return SeenFrame(moment_ns, port, THERE, build_header(header) + build_arp(arp))


def question(moment_ns: Instant, port: str, client: str) -> SeenFrame:
    """A client's question to all, which comes out of every cable."""
    arp = Arp(ArpOperation.REQUEST, mac_of(client), ip(client), NO_ADDRESS, ip(NEAR_ADDRESS))
    header = EthernetHeader(BROADCAST, mac_of(client), ARP)
    return SeenFrame(moment_ns, port, BACK, build_header(header) + build_arp(arp))


SAID = (
    *(question(n - 100, port, c) for n, c in enumerate(ALB.hosts) for port in PORTS),
    reply(-50, "eth0", C1, E0),
    reply(-49, "eth1", C2, E1),
    reply(-48, "eth0", C3, E0),
    SeenFrame(500 * MS, "eth1", THERE, learning_frame(E1)),
    SeenFrame(1001 * MS, "eth0", THERE, learning_frame(E1)),
    reply(1300 * MS, "eth0", C2, E0),
    reply(1300 * MS + 1, "eth0", C2, E0),
    reply(2300 * MS, "eth1", C1, E1),
    reply(2300 * MS + 1, "eth1", C3, E1),
)


def alb_sights(dealt: tuple[tuple[str, ...], ...] = DEALT) -> tuple[Sight, ...]:
    titles = [step.title for step in ALB.steps if isinstance(step, Look)]
    return tuple(
        Sight(
            title,
            n * PART_NS + LOOK_NS,
            "eth0",
            OWN,
            {client: OWN[port] for client, port in zip(ALB.hosts, ports, strict=True)},
            dict(zip(ALB.hosts, ports, strict=True)),
            {},
        )
        for n, (title, ports) in enumerate(zip(titles, dealt, strict=True))
    )


def alb(
    *,
    sights: tuple[Sight, ...] | None = None,
    back: tuple[tuple[str, ...], ...] = DEALT,
    lost: frozenset[int] = frozenset(),
) -> Recording:
    return story(
        ALB, sights=sights or alb_sights(), out=DEALT, back=back, incidents=ALB_INCIDENTS,
        more=SAID, lost=lost,
    )  # fmt: skip


ALB_PICTURE = """\
each client, the port that it sends to, and the MAC address that it has for us:
            before                cable of eth1 cut     repaired
10.77.0.11  ──▶ eth0 …:e0         ──▶ eth0 …:e0         ━━▶ eth1 …:e1
10.77.0.12  ──▶ eth1 …:e1         ━━▶ eth0 …:e0 2 lost  ──▶ eth0 …:e0
10.77.0.13  ──▶ eth0 …:e0         ──▶ eth0 …:e0         ━━▶ eth1 …:e1
            eth0 …:e0 active      eth0 …:e0 active      eth0 …:e0 active
            eth1 …:e1             eth1 …:e1 cut         eth1 …:e1

who was told where 10.77.0.1 is (in s after the first probe):
  -0.00  eth0 answers 10.77.0.11: at …:e0
  -0.00  eth1 answers 10.77.0.12: at …:e1
  -0.00  eth0 answers 10.77.0.13: at …:e0
  +1.00  eth0 teaches the switch: …:e1 is here
  +1.30  eth0 tells 10.77.0.12: at …:e0 ×2
  +2.30  eth1 tells 10.77.0.11: at …:e1
  +2.30  eth1 tells 10.77.0.13: at …:e1"""


def test_clients_that_are_told_and_move_are_the_story_of_alb() -> None:
    assert receive_sharing.judge(alb()) == ()


def test_alb_looks_in_a_terminal_as_drawn_here() -> None:
    # Probes 1000 and 1003 are of the second client: flow 1 of 3.
    telling = receive_sharing.tell(alb(lost=frozenset({1000, 1003})), 80, False)
    assert "\n".join(telling.picture) == ALB_PICTURE
    assert telling.result == (
        "0 of 3000 probes lost before the cut, 2 from the cut until all were told, "
        "0 at the repair; 4 ARP replies that nobody asked for; "
        "neighbour tables, the bond's table and the cables agree"
    )


def test_the_svg_of_alb_names_clients_ports_addresses_and_who_told_them() -> None:
    svg = receive_sharing.tell(alb(lost=frozenset({1000})), 80, False).svg
    words = list(ElementTree.fromstring(svg.encode()).itertext())
    for expected in (*ALB.hosts, *PORTS, "eth1 ✂", E0.hex(":"), E1.hex(":"), "1 lost"):
        assert expected in words
    assert "+1.30  eth0 tells 10.77.0.12: at …:e0 ×2" in words


def test_a_client_with_an_address_of_another_port_is_named() -> None:
    sights = alb_sights()
    wrong = replace(sights[1], neighbours={**sights[1].neighbours, C2: E1})
    complaints = receive_sharing.judge(alb(sights=(sights[0], wrong, sights[2])))
    assert complaints == (f"cable of eth1 cut: {C2} knows {E1.hex(':')}, not eth0",)
    told = receive_sharing.tell(alb(sights=(sights[0], wrong, sights[2])), 80, False)
    assert "agree" not in told.result


def test_a_client_that_knows_nobody_is_named() -> None:
    sights = alb_sights()
    wrong = replace(sights[0], neighbours={})
    complaints = receive_sharing.judge(alb(sights=(wrong, *sights[1:])))
    assert f"before: {C1} knows nobody, not eth0" in complaints


def test_a_client_whose_frames_come_in_elsewhere_is_named() -> None:
    back = (DEALT[0], DEALT[1], DEALT[1])
    complaints = receive_sharing.judge(alb(back=back))
    assert f"repaired: {C1} sends by eth0 instead of eth1" in complaints


def test_a_client_that_stays_on_the_cut_port_is_no_story() -> None:
    stays = (DEALT[0], DEALT[0], DEALT[2])
    told = receive_sharing.judge(alb(sights=alb_sights(stays), back=stays))
    assert told == ("eth1 was cut and kept a client",)


def test_clients_that_are_not_dealt_out_are_no_story() -> None:
    alone = (("eth0",) * 3, DEALT[1], DEALT[2])
    told = receive_sharing.judge(alb(sights=alb_sights(alone), back=alone))
    assert told == ("before: not every port was given a client",)


@pytest.mark.parametrize(
    ("first", "count", "complaint"),
    [
        pytest.param(500, 1, "1 probes were lost before the cut", id="before"),
        pytest.param(1000, 151, "151 probes were lost at the cut, more than 150", id="at the cut"),
        pytest.param(2500, 2, "2 probes were lost at the repair", id="at the repair"),
    ],
)
def test_losses_are_a_complaint_in_alb(first: int, count: int, complaint: str) -> None:
    assert receive_sharing.judge(alb(lost=frozenset(range(first, first + count)))) == (complaint,)


@pytest.mark.parametrize(
    ("sight", "is_told", "is_shared", "is_off"),
    [
        pytest.param(alb_sights()[0], True, True, False, id="dealt out"),
        pytest.param(alb_sights()[1], True, False, True, id="all on one port"),
        pytest.param(replace(alb_sights()[0], neighbours={}), False, False, False, id="not asked"),
        pytest.param(replace(alb_sights()[0], clients={}), False, False, False, id="nobody met"),
        pytest.param(
            replace(alb_sights()[1], neighbours=alb_sights()[0].neighbours),
            False, False, False, id="not told yet",
        ),
    ],
)  # fmt: skip
def test_a_look_at_alb_waits_for_the_word_to_arrive(
    sight: Sight, is_told: bool, is_shared: bool, is_off: bool
) -> None:
    assert receive_sharing.is_told(sight) == is_told
    assert receive_sharing.is_shared(sight) == is_shared
    assert receive_sharing.is_off_the_cut_port(sight) == is_off


# -- who was told


def test_an_answer_is_told_from_a_reply_that_nobody_asked_for() -> None:
    recording = replace(
        alb(), frames=(question(0, "eth0", C1), reply(1, "eth0", C1, E0), reply(2, "eth1", C1, E1))
    )
    assert all_told(recording) == [
        Told(1, "eth0", Manner.ANSWERS, C1, E0),
        Told(2, "eth1", Manner.TELLS, C1, E1),
    ]


def test_a_question_that_comes_by_two_cables_is_one() -> None:
    asked = tuple(question(n, port, C1) for n, port in ((0, "eth0"), (2, "eth1")))
    recording = replace(alb(), frames=(asked[0], reply(1, "eth0", C1, E0), asked[1],
                                       reply(3, "eth0", C1, E0)))  # fmt: skip
    assert all_told(recording) == [Told(1, "eth0", Manner.ANSWERS, C1, E0, times=2)]


def test_an_answer_to_a_later_question_is_an_answer_of_its_own() -> None:
    later = 1000 * MS
    asked = (question(0, "eth0", C1), reply(1, "eth0", C1, E0))
    again = (question(later, "eth0", C1), reply(later + 1, "eth0", C1, E0))
    told = all_told(replace(alb(), frames=(*asked, *again)))
    assert [each.moment_ns for each in told] == [1, later + 1]


def test_what_is_said_about_another_address_than_ours_is_left_out() -> None:
    arp = Arp(ArpOperation.REPLY, E0, ip("10.77.0.99"), mac_of(C1), ip(C1))
    octets = build_header(EthernetHeader(mac_of(C1), E0, ARP)) + build_arp(arp)
    assert all_told(replace(alb(), frames=(SeenFrame(1, "eth0", THERE, octets),))) == []


def test_a_question_of_ours_is_told_too() -> None:
    arp = Arp(ArpOperation.REQUEST, E0, ip(NEAR_ADDRESS), NO_ADDRESS, ip(C1))
    octets = build_header(EthernetHeader(BROADCAST, E1, ARP)) + build_arp(arp)
    recording = replace(alb(), frames=(SeenFrame(1, "eth1", THERE, octets),))
    assert all_told(recording) == [Told(1, "eth1", Manner.ASKS, C1, E0)]


def test_what_a_port_teaches_of_itself_is_left_out_and_of_another_is_not() -> None:
    taught = [told for told in receive_sharing.worth_telling(alb()) if told.whom == SWITCH]
    assert taught == [Told(1001 * MS, "eth0", Manner.TEACHES, SWITCH, E1)]


def test_frames_for_another_ports_address_are_counted() -> None:
    recording = alb()
    probe = recording.probes[1100]
    stray = tuple(crossed(1100 * MS + n, "eth0", BACK, E1, probe) for n in range(3))
    frames = tuple(sorted((*recording.frames, *stray), key=lambda frame: frame.moment_ns))
    picture = receive_sharing.tell(replace(recording, frames=frames), 80, False).picture
    assert "  meanwhile eth0 took 3 frames sent to …:e1" in picture


# -- parts


def test_a_part_counts_what_went_just_after_its_look() -> None:
    first, *_ = parts(alb())
    assert first.back[1].keys() == {Way("eth1", E1)}
    assert first.frames_back().total() == GLANCE_NS // MS
    assert first.frames_back() == first.frames_out()


def test_a_part_knows_which_cables_are_cut() -> None:
    assert [part.cut_ports for part in parts(alb())] == [set(), {"eth1"}, set()]


def test_a_question_of_whether_anybody_is_there_is_no_probe() -> None:
    recording = alb()
    octets = BROADCAST + E0 + bytes(30) + payload_of(0, NEVER_PROBED)
    frames = (SeenFrame(LOOK_NS, "eth1", THERE, octets),)
    first, *_ = parts(replace(recording, frames=frames))
    assert first.frames_out().total() == 0


# -- tlb

TLB = LABS["tlb"]
SHARED = (("eth0",) * 4, ("eth0", "eth1", "eth1", "eth1"), ("eth1",) * 4)
ANSWERS = (("eth0",) * 4, ("eth0",) * 4, ("eth1",) * 4)
TLB_INCIDENTS = (
    Incident(1000 * MS, Action.CUT, "eth1"),
    Incident(1100 * MS, Action.REPAIR, "eth1"),
    Incident(2000 * MS, Action.CUT, "eth0"),
)


def tlb_sights() -> tuple[Sight, ...]:
    titles = [step.title for step in TLB.steps if isinstance(step, Look)]
    moments = [n * PART_NS + LOOK_NS for n in range(3)]
    known = (
        ("eth0", OWN, {"eth0": 0, "eth1": 0}),
        ("eth0", OWN, {"eth0": 9000, "eth1": 8000}),
        ("eth1", SWAPPED, {"eth0": 0, "eth1": 8000}),
    )
    return tuple(
        Sight(title, moment_ns, active, macs, {}, {}, loads)
        for title, moment_ns, (active, macs, loads) in zip(titles, moments, known, strict=True)
    )


def tlb(
    *,
    out: tuple[tuple[str, ...], ...] = SHARED,
    back: tuple[tuple[str, ...], ...] = ANSWERS,
    lost: frozenset[int] = frozenset(),
) -> Recording:
    return story(
        TLB, sights=tlb_sights(), out=out, back=back, incidents=TLB_INCIDENTS, lost=lost
    )  # fmt: skip


TLB_PICTURE = """\
load is shared anew every 10 s, and at once when a port comes up, as eth1 did here;
each flow, the port that it leaves by, and the source address that it has there:
                  nobody measured yet measured and shared cable of eth0 cut
10.77.0.11 533/s  ◀── eth0 …:e0       ◀── eth0 …:e0       ◀━━ eth1 …:e0
10.77.0.12 267/s  ◀── eth0 …:e0       ◀━━ eth1 …:e1       ◀━━ eth1 …:e0
10.77.0.13 133/s  ◀── eth0 …:e0       ◀━━ eth1 …:e1       ◀━━ eth1 …:e0
10.77.0.14 67/s   ◀── eth0 …:e0       ◀━━ eth1 …:e1       ◀━━ eth1 …:e0
                  eth0 …:e0 active    eth0 …:e0 active    eth0 …:e1 cut
                  eth1 …:e1           eth1 …:e1           eth1 …:e0 active
nobody measured yet: 100% by eth0, 0% by eth1; answers by eth0
measured and shared: 53% by eth0, 47% by eth1; answers by eth0
cable of eth0 cut: 0% by eth0, 100% by eth1; answers by eth1; eth1 has taken over …:e0"""


def test_flows_that_spread_by_load_are_the_story_of_tlb() -> None:
    assert transmit_sharing.judge(tlb()) == ()


def test_tlb_looks_in_a_terminal_as_drawn_here() -> None:
    telling = transmit_sharing.tell(tlb(), 80, False)
    assert "\n".join(telling.picture) == TLB_PICTURE


def test_the_svg_of_tlb_names_flows_ports_and_shares() -> None:
    words = list(ElementTree.fromstring(transmit_sharing.tell(tlb(), 80, False).svg).itertext())
    for expected in (*TLB.hosts, "eth0 ✂", "…:e1 267/s", "eth1 has taken over …:e0"):
        assert expected in words


def test_each_flow_sends_half_as_much_as_the_one_before_it() -> None:
    assert [transmit_sharing.rate_text(flow) for flow in range(4)] == [
        "533/s", "267/s", "133/s", "67/s",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "ports", "complaint"),
    [
        pytest.param(
            0, ("eth0", "eth0", "eth0", "eth1"),
            "nobody was measured, and the flows did not all take one port", id="spread too early",
        ),
        pytest.param(
            1, ("eth0",) * 4, "eth1 carried 0% of the frames after the rebalancing",
            id="never spread",
        ),
        pytest.param(
            2, ("eth0", "eth1", "eth1", "eth1"), "eth0 was cut and still sent", id="not moved"
        ),
    ],
)  # fmt: skip
def test_flows_on_other_ports_than_promised_are_a_complaint(
    part: int, ports: tuple[str, ...], complaint: str
) -> None:
    out = tuple(ports if n == part else taken for n, taken in enumerate(SHARED))
    assert complaint in transmit_sharing.judge(tlb(out=out))


def test_an_answer_by_another_than_the_active_port_is_named() -> None:
    back = (ANSWERS[0], ("eth0", "eth0", "eth0", "eth1"), ANSWERS[2])
    assert transmit_sharing.judge(tlb(back=back)) == (
        "measured and shared: 10.77.0.14 does not answer by eth0 alone",
    )


def test_a_flow_that_is_split_over_ports_is_named() -> None:
    recording = tlb()
    moment_ns = tlb_sights()[1].moment_ns
    stray = crossed(moment_ns, "eth1", THERE, E1, recording.probes[15])
    complaints = transmit_sharing.judge(replace(recording, frames=(*recording.frames, stray)))
    assert complaints == ("measured and shared: to 10.77.0.11 by 2 ports",)


def test_a_flow_with_another_ports_source_address_is_named() -> None:
    recording = tlb()
    wrong = replace(tlb_sights()[1], port_macs=SWAPPED, active_port="eth1")
    sights = (recording.sights[0], wrong, recording.sights[2])
    complaints = transmit_sharing.judge(replace(recording, sights=sights))
    assert f"measured and shared: to 10.77.0.11 by eth0 from {E0.hex(':')}" in complaints


@pytest.mark.parametrize(
    ("lost", "complaint"),
    [
        pytest.param(range(3), "nobody measured yet: 3 probes were lost", id="at first"),
        pytest.param(range(1500, 1501), "measured and shared: 1 probes were lost", id="shared"),
        pytest.param(
            range(2000, 2151), "151 probes were lost at the cut, more than 150", id="at the cut"
        ),
    ],
)
def test_losses_are_a_complaint_in_tlb(lost: range, complaint: str) -> None:
    assert transmit_sharing.judge(tlb(lost=frozenset(lost))) == (complaint,)


def test_a_look_at_tlb_waits_for_load_on_both_ports_and_then_for_the_other_port() -> None:
    before, shared, moved = tlb_sights()
    assert transmit_sharing.is_under_way(before)
    assert [transmit_sharing.is_measured(sight) for sight in (before, shared)] == [False, True]
    assert [transmit_sharing.has_moved(sight) for sight in (shared, moved)] == [False, True]


# -- columns


@pytest.mark.parametrize("width", [72, 80, 120])
def test_columns_stay_within_the_width(width: int) -> None:
    for recording, told in ((alb(), receive_sharing.tell), (tlb(), transmit_sharing.tell)):
        picture = told(recording, width, False).picture
        assert max(map(len, picture[1:8])) <= max(width, 80)


def test_a_host_without_an_arrow_and_one_with_two_are_drawn() -> None:
    boxes = (PortBox("eth0", E0), PortBox("eth1", E1))
    arrows = (Arrow(1, "eth0", E0), Arrow(1, "eth1", E1))
    column = Column("now", boxes, arrows, (3, 0), ())
    assert column_lines(["a", "b"], [column])[1:3] == [
        "a   3 lost",
        "b  ──▶ eth0 …:e0, ──▶ eth1 …:e1",
    ]
