"""Inside the guest: systems a, b and c, and a patch panel between them for cables that move.

namespaces NAME-a: a0 a1 ...    NAME-b: b0 b1 ...    NAME-c: c0 c1 ...    each with a bond
NAME-panel: end-a0, the far end of port a0, and so on. A cable hands what comes out of one end to
the other and back, inside the kernel. Taking it out leaves both carriers as they are.
"""

import subprocess

from uml_world import batch, remove_namespaces, set_links, write_settings

SYSTEMS = "abc"
FIRST_END_INDEX = 100  # differs from the port's: see uml_world.world
SETTINGS = {"ipv6/conf/default/disable_ipv6": 1}


class Panel:
    """The namespaces of one world, with `port_count` ports in each system. `remove()` ends all."""

    def __init__(self, name: str, port_count: int) -> None:
        self._name = name
        self._ports = [f"{system}{number}" for system in SYSTEMS for number in range(port_count)]
        self._other_end: dict[str, str] = {}
        self.remove()
        namespaces = [self.namespace(system) for system in SYSTEMS] + [self.here]
        batch(None, *(f"netns add {namespace}" for namespace in namespaces))
        for namespace in namespaces:
            write_settings(namespace, SETTINGS)
        batch(self.here, *self._links(), *(f"link set end-{port} up" for port in self._ports))
        self._traffic_control(*(f"qdisc add dev end-{port} ingress" for port in self._ports))

    @property
    def here(self) -> str:
        """The namespace of the panel itself."""
        return f"{self._name}-panel"

    def namespace(self, system: str) -> str:
        return f"{self._name}-{system}"

    def ports_of(self, system: str) -> list[str]:
        return [port for port in self._ports if port[0] == system]

    def patch(self, *cables: tuple[str, str]) -> None:
        """Lays these cables, by which whatever was in the four ends before is out of them."""
        for one, other in cables:
            lines = [line for port in (one, other) for line in self._taken_out(port)]
            self._other_end.update({one: other, other: one})
            self._traffic_control(*lines, *self._laid(one))

    def silence(self, port: str) -> None:
        """Loses every frame of a port's cable, both ways, and keeps the carrier."""
        self._traffic_control(*(removed(end) for end in self._ends(port)))

    def end_silence(self, port: str) -> None:
        self._traffic_control(*self._laid(port))

    def cut(self, port: str) -> float:
        """Takes the carrier from both ends of a port's cable; returns the moment."""
        return set_links(self.here, self._ends(port), up=False)

    def mend(self, port: str) -> float:
        """Gives both ends their carrier back; returns the moment."""
        return set_links(self.here, self._ends(port), up=True)

    def remove(self) -> None:
        remove_namespaces(*(self.namespace(system) for system in SYSTEMS), self.here)

    def _ends(self, port: str) -> list[str]:
        return [f"end-{port}", f"end-{self._other_end[port]}"]

    def _taken_out(self, port: str) -> list[str]:
        other = self._other_end.pop(port, None)
        if other is None:
            return []
        del self._other_end[other]
        return [removed(f"end-{port}"), removed(f"end-{other}")]

    def _laid(self, port: str) -> list[str]:
        one, other = self._ends(port)
        return [redirected(one, other), redirected(other, one)]

    def _links(self) -> list[str]:
        return [
            f"link add end-{port} index {FIRST_END_INDEX + number} type veth "
            f"peer name {port} address {mac_of(port)} netns {self.namespace(port[0])}"
            for number, port in enumerate(self._ports)
        ]

    def _traffic_control(self, *commands: str) -> None:
        done = subprocess.run(
            ["tc", "-n", self.here, "-batch", "-"],
            input="\n".join(commands),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{commands}\n{done.stderr}"


def redirected(end: str, to: str) -> str:
    return f"filter add dev {end} ingress matchall action mirred egress redirect dev {to}"


def removed(end: str) -> str:
    """What comes out of this end then reaches the panel's own stack, which has no use for it."""
    return f"filter del dev {end} ingress"


def mac_of(port: str) -> str:
    """Tells the system by its letter and the port by its number: 02:00:00:00:0b:01 is b1's."""
    return f"02:00:00:00:{'0' + port[0]}:{int(port[1:]):02x}"
