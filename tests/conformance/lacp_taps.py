"""A session whose rows say in words what was done to TAP ports of different speed and duplex.

No partner speaks there. What a row's label says was done right after the row before; a carrier that
bounces is back after half a second.
"""

import json
import re

from lacp_recording import FOLDER, PASS_S
from lacp_side import Side

from pybondd.port import Duplex, LinkFacts
from pybondd.status.proc import proc_text

BOUNCE_S = 0.5
UNIT_MBPS = {"G": 1000, "M": 1}


class Taps:
    """The session, from row to row; `frames` are (port, LACPDU) in order."""

    def __init__(self, story):
        series = story["kernel"][:4]
        self.period = PASS_S[series]
        self.rows = story["rows"]
        self.facts = {
            name: LinkFacts(speed_mbps=int(speed) * UNIT_MBPS[unit], duplex=Duplex(duplex))
            for name, speed, unit, duplex in re.findall(
                r"(tap\d) (\d+)([GM]) (half|full)", self.rows[0]["label"]
            )
        }
        macs = {name: bytes((2, 0, 0, 0, 10, int(name[-1]))) for name in self.facts}
        follows = "linux-6.1" if series == "6.1." else "linux"
        self.side = Side(follows=follows, macs=macs)
        self.side.set_options(["miimon", "100", "lacp_rate", "fast"])
        for name, facts in self.facts.items():
            self.side.enslave(name, facts)
        self.side.open()
        self.frames = []
        # The first LACPDUs leave in the third pass, which dates the first.
        self.now = min(frame["t"] for frame in story["frames"]) - 3 * self.period

    def views(self):
        """What netlink shows around the instant of each row."""
        for before, row in zip([None, *self.rows], self.rows, strict=False):
            if before is not None:
                self._do(row["label"], before["t"])
            self._run_until(row["t"] - self.period)
            seen = [self.side.view()]
            self._run_until(row["t"] + self.period / 2)
            yield row, [*seen, self.side.view()]

    def proc_text(self, version):
        """What the proc file says now."""
        return proc_text(self.side.bond.state, self.side.bond.mode, version=version)

    def _do(self, label, since):
        self._run_until(since)
        for name, speed in re.findall(r"(tap\d) set to (\d+)G full", label):
            # ethtool on a TAP raises no event: Linux learns of it with the next one.
            was = self.facts[name]
            mbps = int(speed) * 1000
            self.facts[name] = LinkFacts(
                has_carrier=was.has_carrier, speed_mbps=mbps, duplex=Duplex.FULL
            )
        for name in re.findall(r"(tap\d) (?:set to .* and )?carrier (?:off|bounced)", label):
            self._carrier(name, has_carrier=False)
        if "bounced" in label:
            self._run_until(since + BOUNCE_S)
        for name in re.findall(r"(tap\d) (?:set to .* and )?carrier (?:on|bounced)", label):
            self._carrier(name, has_carrier=True)
        for policy in re.findall(r"^ad_select (\w+)", label):
            self.side.close()
            self.side.set_options(["ad_select", policy])
            self.side.open()

    def _carrier(self, name, *, has_carrier):
        was = self.facts[name]
        self.facts[name] = LinkFacts(
            has_carrier=has_carrier, speed_mbps=was.speed_mbps, duplex=was.duplex
        )
        self.side.link_changed(name, self.facts[name])

    def _run_until(self, instant):
        while self.now + self.period <= instant:
            self.now += self.period
            self.side.set_now(self.now)
            self.side.poll()
            self.frames += self.side.tick()


def in_turn(frames):
    """Of each port, its LACPDUs; one that repeats the one before is left out."""
    turns = {}
    for port, frame in frames:
        told = turns.setdefault(port, [])
        if told[-1:] != [frame]:
            told.append(frame)
    return turns


def tap_stories():
    """Every such session that this directory holds."""
    for path in sorted(FOLDER.rglob("*.json")):
        story = json.loads(path.read_text())
        if story.get("frames") and any("links" in row for row in story.get("rows", ())):
            yield path.relative_to(FOLDER).with_suffix("").as_posix(), story
