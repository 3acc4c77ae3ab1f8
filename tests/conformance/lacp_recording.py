"""A recorded negotiation: who took part, what was done, which LACPDUs went over which wire."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from lacp_commands import Deed, deeds_of, insist_on_understanding
from recordings import RECORDINGS

FOLDER = RECORDINGS / "lacp-traces"
PASS_S = {"6.1.": 0.110, "6.12": 0.104}
"""A pass is planned 100 ms after the last; the timer rounds up to the next jiffy but one."""
SETTINGS_WITHOUT_COMMANDS = {"rx-independent": ("coupled_control", "off")}
"""Sessions with a hand-made peer name no commands: there it was one port, fast, and this."""
FAREWELL_LACKS = 0x04
"""Only the LACPDU of a port that leaves says that it does not aggregate."""


@dataclass(frozen=True)
class Sighting:
    """One frame on the wire of one port of a side: when, which way, what."""

    at: float
    port: str
    is_ours: bool
    frame: bytes

    @property
    def is_farewell(self):
        return self.is_lacpdu and len(self.frame) > 32 and not self.frame[32] & FAREWELL_LACKS

    @property
    def is_lacpdu(self):
        return self.frame[12:15] == b"\x88\x09\x01"


class Recording:
    """One file, or one row of a file with many sessions."""

    def __init__(self, name, story, *, row=None):
        self.name = name if row is None else f"{name}-{row.get('case') or row.get('label')}"
        self.story = story
        self.row = row
        self.release = re.search(r"\d+\.\d+\.\d+\S*", story["kernel"])[0]
        self.series = self.release[:4]
        self.follows = "linux-6.1" if self.series == "6.1." else "linux"

    @cached_property
    def frames(self):
        return (self.row or self.story)["frames"]

    @cached_property
    def is_scripted(self):
        """Whether a session with a hand-made peer was recorded, whose set-up has no commands."""
        return not self.story.get("commands")

    @cached_property
    def deeds(self):
        if not self.is_scripted:
            return deeds_of(self.story["commands"])
        first = min((frame["t"] for frame in self.frames), default=0.0)
        words = ("mode", "802.3ad", "miimon", "100", "lacp_rate", "fast")
        words += SETTINGS_WITHOUT_COMMANDS.get(self.story["scenario"], ())
        opened = min(first, 1.0)
        return [
            Deed(-2, -2, "A", "add bond", "bond0", words),
            Deed(-2, -1.5, "A", "enslave", "a0"),
            Deed(-1, opened, "A", "up", "bond0"),
        ]

    @cached_property
    def sides(self):
        """The sides with a bond in mode 4."""
        sides = [d.side for d in self.deeds if d.verb == "add bond" and "802.3ad" in d.words]
        for side in sides:
            insist_on_understanding(self.deeds, side)
        return sides

    @cached_property
    def names(self):
        """Every interface that the recording speaks of."""
        names = {deed.name for deed in self.deeds}
        names |= {frame.get("port", "a0") for frame in self.frames}
        for state in self.story.get("states", ()):
            names |= set(state["changed"])
        return {name for name in names if re.fullmatch(r"[a-z]\d+", name)}

    def peer_of(self, port):
        """The other end of the wire: a0 and b0, or a1 and c1."""
        others = [n for n in sorted(self.names) if n[1:] == port[1:] and n != port]
        if port[0] != "a":
            return f"a{port[1:]}"
        return others[0] if others else f"b{port[1:]}"

    def sightings(self, side):
        """All frames on the wires of a side, in order."""
        seen = []
        for frame in self.frames:
            near = frame.get("port", "a0")
            port = near if side == "A" else self.peer_of(near)
            if port[0] != side.lower():
                continue
            is_ours = (frame.get("dir", "out") == "out") == (side == "A")
            seen.append(Sighting(frame["t"], port, is_ours, bytes.fromhex(frame["hex"])))
        return seen

    def mac_of(self, port):
        """The permanent address of an interface: its LACPDUs come from it."""
        side = port[0].upper()
        for seen in self.sightings(side):
            if seen.is_ours and seen.port == port and seen.is_lacpdu:
                return seen.frame[6:12]
        return bytes((2, 0, 0, 0, int(port[0], 16), int(port[1:])))

    @cached_property
    def end(self):
        """When the capture certainly still ran."""
        return max((frame["t"] for frame in self.frames), default=0.0)

    def log(self, side):
        """The transition log of a side, by the capture's clock; None where none was written."""
        log = self.story.get("machine_log", {}).get(side)
        if log is None:
            return None
        ahead = self._ahead_s
        machine = [{**event, "t": event["t"] + ahead} for event in log["machine"]]
        return {"ticks": [at + ahead for at in log["ticks"]], "machine": machine}

    @cached_property
    def _ahead_s(self):
        """How far the capture's clock is ahead of the log's: both tell of the same LACPDUs."""
        machine = self.story["machine_log"]["A"]["machine"]
        gaps = []
        for port in {event["slave"] for event in machine if event["ev"] == "tx"}:
            logged = [e["t"] for e in machine if e["ev"] == "tx" and e["slave"] == port]
            ours = [s.at for s in self.sightings("A") if s.port == port and s.is_ours]
            gaps += [at - said for said, at in zip(logged, ours, strict=False)]
        return median(gaps) if gaps else 0.0

    def last_view(self, side):
        """What netlink showed last of the bond and the ports of a side; what is gone is absent."""
        shown = {}
        for state in () if self.row else self.story.get("states", ()):
            if state["side"] == side:
                shown |= state["changed"]
        return {
            name: {key: value for key, value in facts.items() if key != "kind"}
            for name, facts in shown.items()
            if facts
        }

    def final_proc(self, side):
        return None if self.row else self.story.get(f"final_proc_{side}")

    def xstats(self, side):
        counted = {} if self.row else self.story.get(f"xstats_{side}") or {}
        return {name: each for name, each in counted.items() if each and name != "bond0"}


def recordings():
    """Every negotiation that this directory holds."""
    found = []
    for path in sorted(FOLDER.rglob("*.json")):
        story = json.loads(path.read_text())
        name = path.relative_to(FOLDER).with_suffix("").as_posix()
        if any("dir" in frame for frame in story.get("frames", ())):
            found.append(Recording(name, story))
        rows = story.get("rows", ())
        found += [Recording(name, story, row=row) for row in rows if row.get("frames")]
    return found


def scenarios():
    """What the files of this directory say they recorded."""
    return {json.loads(path.read_text())["scenario"] for path in FOLDER.rglob("*.json")}
