"""The world: a timeline with interfaces on it, and cables between them."""

from pybondd.port import Duplex
from pybondd.sim.cable import DEFAULT_DELAY_NS, Cable
from pybondd.sim.interface import Interface
from pybondd.sim.timeline import Timeline
from pybondd.units import Duration


class World(Timeline):
    """Time, chance, and a place where interfaces are made and plugged together."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.cables: list[Cable] = []
        self._last_ifindex = 0

    def interface(
        self,
        name: str,
        *,
        mac: bytes | None = None,
        is_up: bool = False,
        speed_mbps: int | None = 10_000,
        duplex: Duplex | None = Duplex.FULL,
    ) -> Interface:
        """A new interface with the next free index; `mac` is made from the index if not given."""
        self._last_ifindex += 1
        ifindex = self._last_ifindex
        own_mac = bytes((0x02, 0, 0, 0, ifindex >> 8, ifindex & 0xFF))
        return Interface(
            ifindex=ifindex,
            name=name,
            mac=mac if mac is not None else own_mac,
            is_up=is_up,
            speed_mbps=speed_mbps,
            duplex=duplex,
        )

    def connect(
        self, a: Interface, b: Interface, *, delay_ns: Duration = DEFAULT_DELAY_NS
    ) -> Cable:
        """Plug a new cable into two free interfaces."""
        assert a.cable is None
        assert b.cable is None
        cable = Cable(self, a, b, delay_ns=delay_ns)
        a.cable = b.cable = cable
        self.cables.append(cable)
        a.tell_owner()
        b.tell_owner()
        return cable

    def disconnect(self, cable: Cable) -> None:
        """Pull the cable out at both ends and put it away; both interfaces are free."""
        cable.cut()
        cable.a.cable = cable.b.cable = None
        self.cables.remove(cable)
