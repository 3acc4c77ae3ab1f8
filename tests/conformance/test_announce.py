"""Are our announcements the driver's, octet for octet?"""

import json
from ipaddress import ip_address

import pytest
from recordings import RECORDINGS

from pybondd.wire import announce
from pybondd.wire.ethernet import parse_address, with_tags


def recorded_frames():
    for path in sorted((RECORDINGS / "announce").glob("*.json")):
        recording = json.loads(path.read_text())
        for number, entry in enumerate(recording["frames"]):
            name = f"{path.stem}-{number}-{entry['kind']}-{entry['interface']}"
            yield pytest.param(parse_address(recording["mac"]), entry, id=name)


def built(mac, entry):
    packed = {
        key: ip_address(entry[key]).packed for key in ("address", "source", "group") if key in entry
    }
    match entry["kind"]:
        case "gratuitous_arp":
            return announce.gratuitous_arp(mac, packed["address"])
        case "unsolicited_na":
            return announce.unsolicited_na(mac, packed["address"], is_router=entry["is_router"])
        case "igmp_report":
            version = entry["version"]
            return announce.igmp_report(mac, packed["source"], packed["group"], version=version)
    groups = tuple(ip_address(group).packed for group in entry["groups"])
    (frame,) = announce.mld_reports(mac, packed["source"], groups, version=entry["version"])
    return frame


@pytest.mark.parametrize(("mac", "entry"), list(recorded_frames()))
def test_an_announcement_is_the_drivers_octet_for_octet(mac, entry):
    frame = with_tags(built(mac, entry), tuple(map(tuple, entry["tags"])))
    assert frame.hex() == entry["frame"]


def test_more_groups_than_fit_into_a_frame_make_several_reports():
    groups = tuple(bytes.fromhex("ff15") + number.to_bytes(14, "big") for number in range(145))
    frames = announce.mld_reports(bytes(6), bytes(16), groups)
    assert [len(frame) - 14 for frame in frames] == [1496, 1496, 76]
