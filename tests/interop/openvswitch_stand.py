"""A host under pybondd's mode 4, and Open vSwitch at the other ends of its cables."""

from bonded import PEER, BondedHost
from openvswitch import OpenVSwitch


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
