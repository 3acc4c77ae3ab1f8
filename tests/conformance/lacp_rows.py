"""Tables in LACP recordings: what a port showed and delivered in turn, and which speed gives which
key."""

import json
from dataclasses import dataclass

import pytest
from lacp_recording import FOLDER
from lacp_side import Side

from pybondd._pure import Forwarder
from pybondd.port import Duplex, LinkFacts

PEER = bytes.fromhex("020000000b00")
DESTINATIONS = {
    "broadcast": "ffffffffffff",
    "multicast": "01005e000001",
    "link local 01:80:c2:00:00:0e": "0180c200000e",
}
"""Of the frames that a peer sent to see whether they are delivered; others went to the bond."""
FINAL = "result"


@dataclass(frozen=True)
class Row:
    """What netlink showed of a port at one moment, and what arrived on the bond then."""

    view: dict
    delivered: dict | None


def rows_in_turn(recording):
    """The rows that one session went through, in order."""
    if recording.row is not None:
        return []
    return [
        Row(
            {"a0": without_kind(row["slave"])},
            {kind: seen["on bond0"] for kind, seen in delivered.items()},
        )
        for row in recording.story.get("rows", ())
        if "slave" in row and (delivered := row.get("delivered")) is not None
    ]


def final_row(recording):
    """What a session of its own led to; None for other recordings."""
    if recording.row is None or FINAL not in recording.row:
        return None
    bond = recording.row.get("bond", {})
    return {"a0": without_kind(recording.row[FINAL]), "bond0": without_kind(bond)}


def without_kind(facts):
    return {key: value for key, value in facts.items() if key != "kind"}


def went_through(history, rows, shows):
    """Were all rows seen, one after the other? The answer is how many were."""
    reached = 0
    for view, table, mac in history:
        while reached < len(rows) and shows(view, rows[reached].view):
            if delivered(table, mac, rows[reached].delivered) != rows[reached].delivered:
                break
            reached += 1
    return reached


def delivered(table, mac, kinds):
    """How many frames of each kind the bond delivers from its first port, of one sent."""
    forwarder = Forwarder(0)
    forwarder.publish(table)
    return {kind: int(_is_delivered(forwarder, table, mac, kind)) for kind in kinds}


def _is_delivered(forwarder, table, mac, kind):
    destination = bytes.fromhex(DESTINATIONS[kind]) if kind in DESTINATIONS else mac
    frame = destination + PEER + b"\x08\x00" + bytes(46)
    return forwarder.from_port(table.ports[0].ifindex, frame) is None


def key_rows():
    """Every (speed, duplex, key) that was recorded, with the kernel to follow."""
    for path in sorted(FOLDER.rglob("speedkeys.json")):
        story = json.loads(path.read_text())
        follows = "linux-6.1" if story["kernel"].startswith("6.1.") else "linux"
        for row in story["rows"]:
            name = f"{story['kernel']}-{row['speed']}-{row['duplex']}"
            yield pytest.param(row, follows, id=name)


def keys_told(speed, duplex, follows):
    """The key of a port with this speed and duplex, and of its aggregator; -1 is unknown."""
    known = speed != -1
    facts = LinkFacts(speed_mbps=speed if known else None, duplex=Duplex(duplex) if known else None)
    side = Side(follows=follows, macs={"a0": bytes.fromhex("020000000a00")})
    side.set_options(["miimon", "100"])
    side.enslave("a0", facts)
    side.open()
    for _ in range(12):
        side.pass_after()
    port = side.lacp_port("a0")
    return port.actor.key, port.aggregator.key, port.member.link.text
