"""Inside the guest: frames through two systems' bonds, and which of them never arrive."""

import contextlib
import re
import subprocess
import time

from uml_frames import number_of, numbered, octets
from uml_lacp import World
from uml_panel import mac_of
from uml_world import Capture, Sender, batch

STREAMS = (0, 1)
PERIOD_S = 0.01
PING_COUNT = 200
PINGED = re.compile(r"(\d+) packets transmitted, (\d+) received(?:, \+(\d+) duplicates)?")


class Streams:
    """Numbered frames, one a period, in both directions over both cables of systems a and b."""

    def __init__(self, world: World) -> None:
        spaces = {system: world.panel.namespace(system) for system in "ab"}
        self._senders = {system: Sender(spaces[system], "bond0") for system in "ab"}
        self._captures = {system: Capture(spaces[system], ["bond0"]) for system in "ab"}
        self._sent_at_s: list[float] = []

    def run(self, duration_s: float) -> None:
        """Sends for so long; a loop that comes late catches up, so that the rate holds."""
        next_s = time.monotonic()
        end_s = next_s + duration_s
        while next_s < end_s:
            time.sleep(max(0, next_s - time.monotonic()))
            number = len(self._sent_at_s)
            self._sent_at_s.append(time.time())
            for system, other in ("ab", "ba"):
                for stream in STREAMS:
                    frame = numbered(mac_of(f"{other}0"), source_of(system, stream), number)
                    # The kernel's bond tells a sender of a frame that it has just lost.
                    with contextlib.suppress(OSError):
                        self._senders[system].send(frame)
            next_s += PERIOD_S

    def lost(self) -> dict[str, list[float]]:
        """When what each stream lost was sent."""
        return {
            f"{system} to {other}, {stream}": self._lost_of(system, stream, came)
            for system, other in ("ab", "ba")
            for came in [[found.frame for found in self._captures[other].frames()]]
            for stream in STREAMS
        }

    def _lost_of(self, system: str, stream: int, came: list[bytes]) -> list[float]:
        source = octets(source_of(system, stream))
        numbers = {number_of(frame) for frame in came if frame[6:12] == source}
        return [at_s for number, at_s in enumerate(self._sent_at_s) if number not in numbers]

    def close(self) -> None:
        for end in (*self._senders.values(), *self._captures.values()):
            end.close()


def source_of(system: str, stream: int) -> str:
    """The last bit decides between two ports under the policy layer2."""
    return f"02:00:00:00:{'1' + system}:{stream:02x}"


def lost_pings(world: World) -> dict[str, int]:
    """Sent, received and duplicate pings, one every 10 ms, from a to b."""
    for number, system in enumerate("ab", 1):
        batch(world.panel.namespace(system), f"addr add 10.1.0.{number}/24 dev bond0")
    command = f"ping -q -c {PING_COUNT} -i {PERIOD_S} -W 2 10.1.0.2".split()
    prefix = ["ip", "netns", "exec", world.panel.namespace("a")]
    said = subprocess.run([*prefix, *command], capture_output=True, text=True).stdout
    sent, received, duplicates = PINGED.search(said).groups(default="0")
    return {"sent": int(sent), "received": int(received), "duplicates": int(duplicates)}
