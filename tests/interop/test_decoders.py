"""Do tshark and scapy read what we send without a complaint, and as we meant it?

Needs no privileges: the LACPDUs come from two bonds that talk in virtual time.
"""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from scapy.contrib.lacp import LACP, MarkerProtocol
from scapy.contrib.slowprot import SlowProtocol
from scapy.layers.l2 import Ether

sys.path.append(str(Path(__file__).parents[1]))

from bonds import bond_with, frames

from pybondd.effects import SendFrame
from pybondd.events import PortFrame, PortReleased
from pybondd.units import milliseconds
from pybondd.wire.slow import SLOW_ADDRESS, Lacpdu, Marker, PortState, parse_slow

BOTH_FAST = {"lacp_rate": "fast", "ad_actor_sys_prio": 100, "ad_user_port_key": 1023}
ASKED = SLOW_ADDRESS + bytes.fromhex(
    "020000000c01 8809 0201 0110 0003 020000000c00 00abcdef 0000 0000" + 90 * "00"
)


def bond(**options):
    return bond_with("802.3ad", 1, 2, **options)


def other(**options):
    """A bond that is another system."""
    return bond(ad_actor_system="02:00:00:00:0b:00", **options)


def talk(left, right, *, until_ms):
    """Let both bonds run, port 1 wired to port 1 and so on; every frame that either sent."""
    sent = []
    while True:
        speaker = min(left, right, key=lambda each: each.next_deadline()[0])
        now = speaker.next_deadline()[0]
        if now > milliseconds(until_ms):
            return sent
        for effect in speaker.advance(now=now):
            if isinstance(effect, SendFrame):
                sent.append(effect.frame)
                listener = left if speaker is right else right
                listener.handle(PortFrame(effect.ifindex, effect.frame), now=now)


def alone(*, until_ms, **options):
    """What a bond sends that nobody answers: it expires, then takes its defaults."""
    speaker, sent = bond(**options), []
    while speaker.next_deadline()[0] <= milliseconds(until_ms):
        sent += [frame for _, frame in frames(speaker.advance(now=speaker.next_deadline()[0]))]
    return sent


def farewell():
    left, right = bond(**BOTH_FAST), other(lacp_rate="fast")
    talk(left, right, until_ms=5000)
    return [frame for _, frame in frames(left.handle(PortReleased(1), now=milliseconds(5000)))]


def marker_response():
    effects = bond().handle(PortFrame(2, ASKED), now=milliseconds(1000))
    return [frame for _, frame in frames(effects)]


def independent():
    options = {"lacp_rate": "fast", "coupled_control": "off"}
    return talk(bond(**options), other(**options), until_ms=5000)


SCENES = {
    "both fast": lambda: talk(bond(**BOTH_FAST), other(lacp_rate="fast"), until_ms=5000),
    "slow and passive": lambda: talk(bond(), other(lacp_active="off"), until_ms=70_000),
    "independent control": independent,
    "nobody answers": lambda: alone(until_ms=20_000),
    "nobody answers, fast": lambda: alone(until_ms=20_000, lacp_rate="fast"),
    "as Linux, nobody answers": lambda: alone(until_ms=70_000, lacp_follows="linux"),
    "farewell": farewell,
    "marker response": marker_response,
}


@pytest.fixture(params=SCENES)
def sent(request):
    """Frames of one scene, each once."""
    return list(dict.fromkeys(SCENES[request.param]()))


def states(said):
    return {PortState(pdu.actor.state).letters for pdu in said}


def test_the_scenes_show_every_state_that_a_port_of_ours_can_be_in():
    """Otherwise the tests below would prove little."""
    said = [pdu for scene in SCENES.values() for pdu in map(parse_slow, scene())]
    assert any(isinstance(pdu, Marker) for pdu in said)
    seen = states(pdu for pdu in said if isinstance(pdu, Lacpdu))
    assert seen >= {
        "ATG---FE",
        "ATG---F-",
        "ATG-----",
        "ATGS----",
        "ATGSCD--",
        "ATGSC---",
        "A-GSCD--",
        "--GSCD--",
        "AT------",
    }


# tshark.


def tshark(directory, sent, *fields):
    """One list of field values per frame, from a capture file."""
    if not shutil.which("tshark"):
        pytest.skip("needs tshark")
    capture = directory / "sent.pcap"
    # pcap's file header (linktype 1 is Ethernet), then a header of 16 octets for each frame.
    octets = struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for frame in sent:
        octets += struct.pack("=IIII", 0, 0, len(frame), len(frame)) + frame
    capture.write_bytes(octets)
    wanted = [word for field in fields for word in ("-e", field)]
    words = ["tshark", "-n", "-r", str(capture), "-T", "fields", "-E", "separator=|", *wanted]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    return [line.split("|") for line in ended.stdout.splitlines()]


COMPLAINTS = ("_ws.malformed", "_ws.expert.message")
PARTICIPANT = ("sys_priority", "sysid", "key", "port_priority", "port", "state", "reserved")
LACPDU_FIELDS = (
    "frame.protocols",
    "frame.len",
    "eth.dst",
    "lacp.version",
    *("lacp.actor." + field for field in PARTICIPANT),
    *("lacp.partner." + field for field in PARTICIPANT),
    "lacp.collector.max_delay",
    "lacp.coll_reserved",
    "lacp.tlv_type",
    "lacp.tlv_length",
)


def participant_in_tsharks_words(side):
    return [
        str(side.system_priority),
        side.system.hex(":"),
        str(side.key),
        str(side.port_priority),
        str(side.port_number),
        f"0x{side.state:02x}",
        "000000",
    ]


def in_tsharks_words(said):
    return [
        *("eth:ethertype:slow:lacp", "124", "01:80:c2:00:00:02", "0x01"),
        *participant_in_tsharks_words(said.actor),
        *participant_in_tsharks_words(said.partner),
        *("0", 12 * "00", "0x01,0x02,0x03,0x00", "0x14,0x14,0x10,0x00"),
    ]


def test_tshark_has_no_complaint(sent, tmp_path):
    assert sent
    assert tshark(tmp_path, sent, *COMPLAINTS) == [["", ""]] * len(sent)


def test_tshark_complains_of_what_is_wrong(tmp_path):
    """Otherwise the test above could not fail."""
    frame = SCENES["nobody answers"]()[0]
    wrong = frame[:17] + b"\x13" + frame[18:]
    assert all(tshark(tmp_path, [wrong, frame[:80]], field)[0][0] for field in COMPLAINTS)


def test_tshark_reads_what_we_meant(sent, tmp_path):
    meant = [said for said in map(parse_slow, sent) if isinstance(said, Lacpdu)]
    lacpdus = [frame for frame in sent if frame[14] == 1]
    assert tshark(tmp_path, lacpdus, *LACPDU_FIELDS) == [in_tsharks_words(said) for said in meant]


def test_tshark_reads_the_answer_to_a_marker(tmp_path):
    fields = ("tlvType", "tlvLen", "requesterPort", "requesterSystem", "requesterTransId")
    ((kind, length, port, system, transaction),) = tshark(
        tmp_path, marker_response(), *("marker." + field for field in fields)
    )
    assert (kind, length) == ("0x02,0x00", "0x10,0x00")
    assert (port, system, transaction) == ("3", "02:00:00:00:0c:00", str(0xABCDEF))


# scapy.


def test_scapy_reads_it_to_the_last_octet(sent):
    for frame in sent:
        layers = Ether(frame).layers()
        assert layers == [Ether, SlowProtocol, MarkerProtocol if frame[14] == 2 else LACP]


def test_scapy_builds_the_same_octets_from_what_it_read(sent):
    for frame in sent:
        read = Ether(frame)
        assert bytes(read) == frame
        # Its own sizes and defaults for whatever has one.
        layer = read.getlayer(2)
        for name in [name for name in layer.fields if name.endswith(("_type", "_length"))]:
            if name != "marker_type":
                del layer.fields[name]
        assert bytes(read) == frame


# Receivers that are stricter than Linux.


def test_a_receiver_that_checks_all_that_freebsd_and_open_vswitch_check_takes_it(sent):
    """FreeBSD 14 ieee8023ad_lacp.c: size of the frame, group address, length of each TLV.
    Open vSwitch 3.1 lacp.c: types and lengths of actor and partner."""
    for frame in sent:
        assert len(frame) == 124
        assert frame[0] & 1
        assert not frame[6] & 1
        if frame[14] == 1:
            tlvs = [frame[at : at + 2].hex() for at in (16, 36, 56, 72)]
            assert tlvs == ["0114", "0214", "0310", "0000"]
        else:
            assert [frame[at : at + 2].hex() for at in (16, 32)] == ["0210", "0000"]
