"""A host under pybondd's mode 4, and Open vSwitch at the other ends of its cables."""

from bonded import PEER, BondedHost
from openvswitch import OpenVSwitch

LETTERS = {
    "activity": "A",
    "timeout": "T",
    "aggregation": "G",
    "synchronized": "S",
    "collecting": "C",
    "distributing": "D",
    "defaulted": "F",
    "expired": "E",
}


class Stand(BondedHost):
    """The host's two ports, and Open vSwitch with a bond of its two at the other ends."""

    def __init__(self, yard, tmp_path, **lacp):
        super().__init__(yard, tmp_path)
        self.switch = OpenVSwitch(self.peer)
        self.theirs = lacp

    def __enter__(self):
        self.switch.__enter__()
        self.switch.add_bond("br0", "bond0", "p0", "p1", address=PEER, **self.theirs)
        return self

    def __exit__(self, *_):
        self.call("down", "bond0")
        self.switch.__exit__()

    def up(self, *words):
        return super().up("--mode", "802.3ad", *words)

    def is_aggregated(self):
        """Whether both sides use both ports."""
        shown = self.switch.lacp("bond0")
        ports = self.status()["ports"]
        return shown.is_used("p0", "p1") and all(
            port["pybondd"]["lacp"]["actor"]["letters"].endswith("GSCD--") for port in ports
        )

    def both_views(self):
        """What each side says of each participant on each cable: (ours, theirs)."""
        members = self.switch.lacp("bond0").members
        ports = [port["pybondd"]["lacp"] for port in self.status()["ports"]]
        ours = [(as_ours_says(port["actor"]), as_ours_says(port["partner"])) for port in ports]
        theirs = [
            (as_theirs_says("partner", members[name]), as_theirs_says("actor", members[name]))
            for name in ("p0", "p1")
        ]
        return ours, theirs


def as_ours_says(participant):
    return (
        participant["system_priority"],
        participant["system"],
        participant["key"],
        participant["port_priority"],
        participant["port_number"],
        participant["letters"],
    )


def as_theirs_says(side, member):
    fields = ("sys_priority", "sys_id", "key", "port_priority", "port_id")
    priority, system, *numbers = (member[f"{side} {field}"] for field in fields)
    words = member[f"{side} state"].split()
    letters = "".join(letter if word in words else "-" for word, letter in LETTERS.items())
    return (int(priority), system, *map(int, numbers), letters)
