"""Inside the guest: stories of balance-tlb and balance-alb, the same for both kinds of bond.

Many worlds stand at once (uml_lacp.play), each played by a process of its own: they mostly wait.
"""

import contextlib
import time

from uml_alb_traffic import is_flow, left_by, let_in, meet_far_stations, send_flows
from uml_bonds import BONDS
from uml_network import CLIENTS, Network
from uml_peculiar import peculiar_left_by
from uml_words import is_ipv4, is_learning, line_of
from uml_world import Seen, batch, wait_for_calm

# Counted and not timed, as in uml_lacp: a busy guest is late with these ticks as with the bond's.
# A client hears of a change after 21 ticks at most and again 21 ticks later; a port hears more than
# its own for 100 ticks.
TICK_S = 0.11
QUIET_TICK_COUNT = 30
ATTENTIVE_TICK_COUNT = 125
MOST_TICK_COUNT = 800
LOOK_TICK_COUNT = 5
BURST_GAP_S = 0.4  # learning frames come together, once in ten ticks
# No learning frame of the monitor: whether its second falls between two events is chance.
QUIET_OPTIONS = {"miimon": 100, "lp_interval": 3600}
OUR_OPTIONS = {"alb_follows": "linux"}


class World:
    """A network with a bond of one kind on the host."""

    def __init__(self, name: str, kind: str, port_count: int, options: dict) -> None:
        self.network = Network(name, port_count)
        follow = OUR_OPTIONS if kind == "pybondd" else {}
        options = {**QUIET_OPTIONS, **follow, **options}
        self.capture = self.network.watch()
        self.bond = BONDS[kind](self.network.ports, namespace=self.network.at("host"), **options)
        self._is_up = False
        self._results: list[object] = []
        self._seen: list[Seen] = []
        self._heard_all = dict.fromkeys(["bond0", *self.network.ports], False)
        self._hears_monitor = options["lp_interval"] == 1
        self._has_met_far_stations = False

    def happen(self, happening: str) -> None:
        """One line of a story: who does what, or what is done to what."""
        words = happening.split()
        if words[1:] and words[1] in ("asks", "pings", "probes", "claims"):
            words[:2] = [words[1], words[0]]
        acts = {
            "up": self.up,
            "vlan": self.lay_vlan,
            "bridge": self.network.bridges_host,
            "ip": lambda *words: batch(self.network.at("host"), " ".join(words)),
            "cut": lambda number: self.network.cut(int(number)),
            "mend": lambda number: self.network.mend(int(number)),
            "remove": lambda port: self.bond.remove(port),
            "add": lambda port: self.bond.add(port),
            "write": lambda option, value: self.bond.set(option, value),
            "await": self.wait_for,
            "asks": self.asks,
            "pings": self.pings,
            "probes": self.network.probe,
            "claims": self.network.claim,
            "sends": lambda *counts: self.send(tuple(map(int, counts))),
            "let-in": lambda: self._results.append(let_in(self.network)),
            "peculiar": lambda: self._results.append(peculiar_left_by(self.network, self.capture)),
            "bursts": lambda: self._results.append(self.bursts()),
        }
        acts[words[0]](*words[1:])

    def up(self) -> None:
        self.bond.enslave()
        self._is_up = True
        self.network.gives_address("host", "bond0")
        self.network.wait_for_switch()

    def lay_vlan(self, number: str) -> None:
        for station in ("host", *CLIENTS):
            device = self.network.device_of(station)
            self.network.gives_address(station, device, int(number))

    def asks(self, station: str, other: str, vlan: str = "0") -> None:
        """A station that has forgotten all others asks for one, and pings it."""
        self.network.forget(station)
        self.pings(station, other, vlan)

    def pings(self, station: str, other: str, vlan: str = "0") -> None:
        self._results.append(self.network.pings(station, other, int(vlan)))

    def send(self, counts: tuple[int, ...]) -> None:
        if not self._has_met_far_stations:
            meet_far_stations(self.network)
        self._has_met_far_stations = True
        self._seen += self.capture.frames()
        send_flows(self.network, counts)
        told, seen = left_by(self.capture, sum(counts))
        self._results.append(told)
        self._seen += seen

    def wait_for(self, port: str, state: str) -> None:
        """Until the bond has seen that a port is up or down, and its monitor has run after that."""
        for _ in range(MOST_TICK_COUNT):
            section = self.bond.proc().partition(f"Slave Interface: {port}\n")[2]
            if section.startswith(f"MII Status: {state}\n"):
                break
            time.sleep(TICK_S)
        time.sleep(3 * TICK_S)

    def bursts(self) -> list[list[str]]:
        """The learning frames of three seconds in a row, by second."""
        self._seen += self.capture.frames()
        learned: list[Seen] = []
        for _ in range(MOST_TICK_COUNT):
            new = self.capture.wait(1, TICK_S)
            learned += [found for found in new if is_learning(found.frame)]
            self._seen += [found for found in new if not is_learning(found.frame)]
            seconds = divided(learned, BURST_GAP_S)
            if len(seconds) == 5:
                break
        # Of the first and the last something may be missing.
        return seconds[1:4]

    def at_rest(self) -> dict[str, object]:
        """What was sent and heard until nothing more came for a while, and how all is then.

        A port that hears more than it used to will stop that: there is no rest before either.
        """
        hearing = {name: [hears_all] for name, hears_all in self._heard_all.items()}
        quiet_count = wanted_count = 0
        for count in range(MOST_TICK_COUNT):
            new = [each for each in self.capture.wait(1, TICK_S) if self._tells(each.frame)]
            self._seen += new
            quiet_count = 0 if new else quiet_count + 1
            if new or count % LOOK_TICK_COUNT == 0:
                self._note_who_hears_all(hearing)
                is_attentive = any(
                    hearing[port][-1] and not self._heard_all[port] for port in hearing
                )
                wanted_count = ATTENTIVE_TICK_COUNT if is_attentive else QUIET_TICK_COUNT
            if quiet_count >= wanted_count:
                break
        self._heard_all = {port: known[-1] for port, known in hearing.items()}
        return self.told() | {"hears all": hearing}

    def _note_who_hears_all(self, hearing: dict[str, list[bool]]) -> None:
        """Of each port and the bond, whether it hears more than its own, before and after."""
        for name, hears_all in self.network.who_hears_all().items():
            if hearing[name][-1] != hears_all:
                hearing[name].append(hears_all)

    def told(self) -> dict[str, object]:
        """All that a station, a switch or a user could notice since the last time."""
        # Each look empties one wire after the other, and what comes meanwhile is in the next one.
        seen = sorted(self._seen, key=lambda found: found.at_s)
        seen = [found for found in seen if self._tells(found.frame)]
        results, self._results, self._seen = self._results, [], []
        sent = [found for found in seen if not found.is_outgoing]
        announced = [found for found in sent if not is_ipv4(found.frame)]
        return {
            # Apart, since only chance says whether a tick comes before an answer.
            "told": [word_of(found) for found in announced],
            "told at s": [found.at_s for found in announced],
            "sent": [word_of(found) for found in sent if is_ipv4(found.frame)],
            "heard": [word_of(found) for found in seen if found.is_outgoing],
            "neighbours": self.network.neighbours(),
            "switch": self.network.switch_table(),
            "macs": self.network.macs(),
            "results": results,
            "status": self.bond.proc(),
        }

    def _tells(self, frame: bytes) -> bool:
        """Is the frame for the story's two lists, and not for its results?"""
        return not is_flow(frame) and not (self._hears_monitor and is_learning(frame))

    def remove(self) -> None:
        with contextlib.ExitStack() as ends:
            ends.callback(self.network.remove)
            ends.callback(self.capture.close)
            if self._is_up:
                self.bond.down()


def word_of(seen: Seen) -> str:
    return f"{seen.device} {line_of(seen.frame)}"


def divided(seen: list[Seen], gap_s: float) -> list[list[str]]:
    """The lines of what was seen, parted where nothing came for so long."""
    told: list[list[str]] = []
    last_s = 0.0
    for found in seen:
        if found.at_s - last_s > gap_s:
            told.append([])
        told[-1].append(word_of(found))
        last_s = found.at_s
    return told


def tell(
    name: str, *, kind: str, port_count: int, options: dict[str, object], happenings: list[str]
) -> dict[str, dict[str, object]]:
    """What each happening led to; several at once are divided by semicolons."""
    world = World(name, kind, port_count, options)
    try:
        told = {}
        for count, happening in enumerate(happenings, 1):
            wait_for_calm()
            for single in happening.split(";"):
                world.happen(single)
            told[f"{count}: {happening}"] = world.at_rest()
        return told
    finally:
        world.remove()
