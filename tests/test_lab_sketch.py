"""How a lab draws its network before it begins, and what its witness takes note of."""

import pytest

from pybondd.lab.probe_format import payload_of
from pybondd.lab.prober import ProbePlan
from pybondd.lab.sketch import behind_a_switch_lines, bond_to_bond_lines
from pybondd.lab.witness import is_worth_noting
from pybondd.units import MILLISECOND_NS
from pybondd.wire.ethernet import BROADCAST, EthernetHeader, build_header
from pybondd.wire.ethertypes import ARP, IPV6, LLDP
from pybondd.wire.learning import learning_frame
from pybondd.wire.slow import SLOW_ADDRESS

MAC = bytes.fromhex("0200000000e0")


@pytest.mark.parametrize(
    ("ports", "addresses", "expected"),
    [
        pytest.param(
            ["eth0", "eth1"], ["10.77.0.2"],
            ["eth0 ──cable─────── ┐", "eth1 ──cable─────── ┴ ────────────── 10.77.0.2"],
            id="two ports and a server",
        ),
        pytest.param(
            ["eth0", "eth1"], ["10.77.0.11", "10.77.0.12", "10.77.0.13"],
            ["eth0 ──cable─────── ┐ ────────────── 10.77.0.11",
             "eth1 ──cable─────── ┤ ────────────── 10.77.0.12",
             "                    ┴ ────────────── 10.77.0.13"],
            id="more hosts than ports",
        ),
    ],
)  # fmt: skip
def test_a_switch_is_drawn_between_its_ports_and_hosts(
    ports: list[str], addresses: list[str], expected: list[str]
) -> None:
    head, *lines = behind_a_switch_lines(ports, addresses)
    assert head.split() == ["here", "switch", "server" if len(addresses) == 1 else "hosts"]
    assert lines == expected


def test_a_liar_is_drawn_where_its_cable_ends() -> None:
    assert bond_to_bond_lines(["eth0", "eth2"], liar="eth2") == [
        "bond0 here          bond0 far       10.77.0.2",
        "eth0 ──cable─────── eth0",
        "eth2 ──cable─────── a partner that lies",
    ]


@pytest.mark.parametrize(
    ("frame", "is_noted"),
    [
        pytest.param(bytes(42) + payload_of(1, 7), True, id="probe"),
        pytest.param(build_header(EthernetHeader(BROADCAST, MAC, ARP)) + bytes(28), True, id="ARP"),
        pytest.param(learning_frame(MAC), True, id="learning frame"),
        pytest.param(
            build_header(EthernetHeader(SLOW_ADDRESS, MAC, 0x8809)) + bytes(110), True, id="LACP"
        ),
        pytest.param(
            build_header(EthernetHeader(BROADCAST, MAC, IPV6)) + bytes(64), False, id="IPv6"
        ),
        pytest.param(
            build_header(EthernetHeader(BROADCAST, MAC, LLDP)) + bytes(64), False, id="LLDP"
        ),
        pytest.param(b"", False, id="nothing"),
    ],
)
def test_the_witness_notes_what_a_lab_tells_of(frame: bytes, is_noted: bool) -> None:
    assert is_worth_noting(frame) == is_noted


def test_turns_say_to_which_flow_a_probe_belongs() -> None:
    plan = ProbePlan("10.77.0.1", ("a", "b"), (0, 1, 0), 6, MILLISECOND_NS)
    assert [plan.flow_of(sequence) for sequence in range(6)] == [0, 1, 0, 0, 1, 0]
