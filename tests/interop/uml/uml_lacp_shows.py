"""Inside the guest: how long LACP takes, and what a dead cable costs, with the kernel's bond."""

import contextlib
import random
import statistics
import time

from uml_lacp import World, all_of, is_lacpdu
from uml_lacp_streams import Streams, lost_pings
from uml_world import Capture

FAST = {"lacp_rate": "fast"}
OURS = {"lacp_follows": "mended"}
PORTS = ("a0", "a1", "b0", "b1")
COLLECTS_AND_DISTRIBUTES = 0x30
ACTOR_STATE_AT = 32  # octets into the frame
LIMIT_S = 60
SETTLE_S = 0.3
TRANSMIT_WINDOW_S = 0.33  # three passes of the guest's kernel
SILENCE_S = 8  # both ends have forgotten each other after 6.6 s


@contextlib.contextmanager
def two_systems(name: str, *kinds: str):
    """A world in which systems a and b are of these kinds, with two straight cables."""
    by_system = dict(zip("ab", kinds, strict=True))
    options = {
        system: FAST | (OURS if kind == "pybondd" else {}) for system, kind in by_system.items()
    }
    world = World(name, by_system, 2, options)
    try:
        world.panel.patch(("a0", "b0"), ("a1", "b1"))
        yield world
    finally:
        world.remove()


def until_all_distribute(world: World, *, since_s: float) -> float:
    """When the last of the ports had said so after that moment."""
    return negotiation(world, since_s=since_s)[1]


def negotiation(world: World, *, since_s: float) -> tuple[float, float]:
    """When system a first spoke after that moment, and the last port said that it distributes."""
    silent = {f"end-{port}" for port in PORTS}
    limit = time.monotonic() + LIMIT_S
    first_s, last_s = float("inf"), 0.0
    while silent and time.monotonic() < limit:
        for seen in filter(is_lacpdu, world.capture.wait(1, 0.5)):
            if seen.at_s <= since_s:
                continue
            if seen.device.startswith("end-a"):
                first_s = min(first_s, seen.at_s)
            if seen.device in silent and distributes(seen.frame):
                silent.remove(seen.device)
                last_s = seen.at_s
    assert not silent, f"{silent} do not distribute after {LIMIT_S} s"
    return first_s, last_s


def distributes(lacpdu: bytes) -> bool:
    state = lacpdu[ACTOR_STATE_AT]
    return state & COLLECTS_AND_DISTRIBUTES == COLLECTS_AND_DISTRIBUTES


def times_to_aggregate(count: int) -> dict[str, float]:
    """Median seconds from a system's first word to a partner that runs until all ports distribute.

    From the first word and not from the command: how long Python takes to load on a busy machine is
    no matter of LACP.
    All pairs are measured at the same time, so that a busy machine holds up all of them.
    """
    pairs = {"kk": ("kernel", "kernel"), "pk": ("pybondd", "kernel"), "kp": ("kernel", "pybondd")}
    acts = {
        way: lambda way=way, pair=pair: time_to_aggregate(way, *pair, count=count)
        for way, pair in pairs.items()
    }
    return all_of(acts, len(acts))


def time_to_aggregate(name: str, *kinds: str, count: int) -> float:
    with two_systems(name, *kinds) as world:
        world.up("b")
        times_s = []
        for _ in range(count):
            # The partner may only speak in its windows: no `up` shall have the luck of always one.
            time.sleep(TRANSMIT_WINDOW_S * (1 + random.random()))
            start_s = time.time()
            world.up("a")
            first_s, last_s = negotiation(world, since_s=start_s)
            times_s.append(last_s - first_s)
            world.down("a")
        return statistics.median(times_s)


def time_to_heal(name: str, *, kind: str) -> float:
    """Seconds until a cable carries traffic again that lost everything for a while."""
    with two_systems(name, kind, "kernel") as world:
        world.up("b")
        world.up("a")
        until_all_distribute(world, since_s=0)
        world.happen("silence a0")
        time.sleep(SILENCE_S)
        return time_until_back(world)


def time_until_back(world: World) -> float:
    start_s = time.time()
    world.happen("unsilence a0")
    return until_all_distribute(world, since_s=start_s) - start_s


def costs(name: str, *, kind: str) -> dict[str, object]:
    """What is lost while all is well, at a cut that carrier tells, and at one that it does not."""
    with two_systems(name, kind, "kernel") as world:
        world.up("b")
        world.up("a")
        until_all_distribute(world, since_s=0)
        time.sleep(SETTLE_S)
        told = {"pings": lost_pings(world), "nothing": lost_at(world, "", 1.5)}
        for port in ("a0", "a1"):
            told[f"cut {port}"] = lost_at(world, f"cut {port}", 0.2)
            moment = world.panel.mend(port)
            until_all_distribute(world, since_s=moment)
            time.sleep(SETTLE_S)
        # Right after the partner was heard: that is when a silence takes longest to notice.
        told["silence a0"] = lost_at(world, "silence a0", 4, heard="end-b0")
        time.sleep(SILENCE_S - 4)
        return told | {"healing": time_until_back(world)}


def lost_at(
    world: World, happening: str, duration_s: float, *, heard: str = ""
) -> dict[str, list[float]]:
    """Of each stream, how long after the happening what it lost was sent."""
    with contextlib.closing(Streams(world)) as streams:
        streams.run(0.2)
        if heard:
            until_heard(world.capture, heard)
        moment = time.time()
        if happening:
            world.happen(happening)
        streams.run(duration_s)
        time.sleep(SETTLE_S)
        return {
            name: [round(at_s - moment, 4) for at_s in lost]
            for name, lost in streams.lost().items()
        }


def until_heard(capture: Capture, end: str) -> None:
    capture.frames()
    while not any(is_lacpdu(seen) and seen.device == end for seen in capture.wait(1, 1)):
        pass
