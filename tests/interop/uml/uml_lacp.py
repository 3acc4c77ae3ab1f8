"""Inside the guest: stories of LACP between two or three systems, each of either kind.

Many worlds stand at once, each played by a process of its own: LACP mostly waits.
"""

import contextlib
import importlib
import json
import os
import select
import time
import traceback
from typing import TextIO

from uml_bonds import BONDS, last_words
from uml_panel import SYSTEMS, Panel
from uml_world import Capture, Seen, batch

# Counted and not timed: where the guest gets little of the host's time, its kernel's passes take
# longer, and so do these. A port's longest timer but the slow and churn ones is thirty passes.
LOOK_S = 0.11
QUIET_LOOK_COUNT = 40
MOST_LOOK_COUNT = 250
OUR_OPTIONS = {"lacp_follows": "linux-6.1"}  # the guest's kernel
SLOW_PROTOCOLS = b"\x88\x09"
LACPDU = 1
ACTOR_STATE_OFFSET, EXPIRED = 32, 0x80


class World:
    """A panel with one bond per system."""

    def __init__(self, name: str, kinds: dict[str, str], port_count: int, options: dict) -> None:
        self._kinds = kinds
        self._options = options
        self.panel = Panel(name, port_count)
        ends = [f"end-{port}" for system in SYSTEMS for port in self.panel.ports_of(system)]
        self.capture = Capture(self.panel.here, ends)
        self.bonds: dict[str, object] = {}

    def up(self, system: str) -> None:
        kind = self._kinds[system]
        follow = OUR_OPTIONS if kind == "pybondd" else {}
        options = {"mode": "802.3ad", "miimon": 100, **follow, **self._options[system]}
        ports, namespace = self.panel.ports_of(system), self.panel.namespace(system)
        self.bonds[system] = BONDS[kind](ports, namespace=namespace, **options).enslave()

    def down(self, system: str) -> None:
        self.bonds.pop(system).down()

    def restart(self, system: str) -> None:
        self.down(system)
        self.up(system)

    def link(self, system: str, words: str) -> None:
        batch(self.panel.namespace(system), f"link set bond0 {words}")

    def happen(self, happening: str) -> None:
        """One line of a story: what is done, and to what."""
        word, *rest = happening.split()
        acts = {
            "up": lambda: self.up(*rest),
            "down": lambda: self.down(*rest),
            "restart": lambda: self.restart(*rest),
            "close": lambda: self.link(rest[0], "down"),
            "open": lambda: self.link(rest[0], "up"),
            "patch": lambda: self.panel.patch(tuple(rest)),
            "cut": lambda: self.panel.cut(*rest),
            "mend": lambda: self.panel.mend(*rest),
            "silence": lambda: self.panel.silence(*rest),
            "unsilence": lambda: self.panel.end_silence(*rest),
            "port": lambda: batch(
                self.panel.namespace(rest[0][0]), f"link set {rest[0]} {rest[1]}"
            ),
            "remove": lambda: self.bonds[rest[0]].remove(rest[1]),
            "add": lambda: self.bonds[rest[0]].add(rest[1]),
            "write": lambda: self.bonds[rest[0]].set(rest[1], rest[2]),
            "wait": lambda: time.sleep(float(rest[0])),
        }
        acts[word]()

    def at_rest(self) -> dict[str, str]:
        """The status of every system, once no port has said anything new for a while.

        A port whose partner fell silent repeats that it expired until it gives up: no rest either.
        """
        said: dict[str, bytes] = {}
        quiet_count = 0
        for _ in range(MOST_LOOK_COUNT):
            if quiet_count == QUIET_LOOK_COUNT:
                break
            time.sleep(LOOK_S)
            heard = {seen.device: seen.frame for seen in filter(is_lacpdu, self.capture.frames())}
            is_new = not heard.items() <= said.items()
            said |= heard
            quiet_count = 0 if is_new or any(map(says_expired, said.values())) else quiet_count + 1
        return {system: bond.proc() for system, bond in self.bonds.items()}

    def remove(self) -> None:
        with contextlib.ExitStack() as ends:
            ends.callback(self.panel.remove)
            ends.callback(self.capture.close)
            for bond in self.bonds.values():
                ends.callback(bond.down)


def is_lacpdu(seen: Seen) -> bool:
    return seen.frame[12:14] == SLOW_PROTOCOLS and seen.frame[14] == LACPDU


def says_expired(lacpdu: bytes) -> bool:
    return bool(lacpdu[ACTOR_STATE_OFFSET] & EXPIRED)


def tell(
    name: str,
    *,
    kinds: dict[str, str],
    port_count: int,
    cables: list[list[str]],
    options: dict[str, dict],
    happenings: list[str],
) -> dict[str, dict[str, str]]:
    """The systems' status after each happening; several at once are divided by semicolons."""
    world = World(name, kinds, port_count, options)
    try:
        world.panel.patch(*(tuple(cable) for cable in cables))
        told = {}
        for count, happening in enumerate(happenings, 1):
            for single in happening.split(";"):
                world.happen(single)
            told[f"{count}: {happening}"] = world.at_rest()
        return told
    finally:
        world.remove()


def play(acts: dict[str, list], at_once_count: int) -> dict[str, object]:
    """What each act [function, its arguments but the world's name] returns."""
    return all_of(
        {
            name: lambda place=f"w{number}", act=act: called(act[0], place, **act[1])
            for number, (name, act) in enumerate(acts.items())
        },
        at_once_count,
    )


def called(function: str, *arguments: object, **options: object) -> object:
    module, name = function.split(".")
    return getattr(importlib.import_module(module), name)(*arguments, **options)


def all_of(acts: dict, at_once_count: int) -> dict[str, object]:
    """What each act returns, each run in a process of its own; {"failed": words} if it raises."""
    waiting, running, results = list(acts.items()), {}, {}
    while waiting or running:
        while waiting and len(running) < at_once_count:
            name, act = waiting.pop(0)
            answers, child = begin(act)
            running[answers] = (name, child)
        for answers in select.select(list(running), [], [])[0]:
            name, child = running.pop(answers)
            with answers:
                results[name] = json.loads(answers.read() or '{"failed": "it said nothing"}')
            os.waitpid(child, 0)
    return results


def begin(act) -> tuple[TextIO, int]:
    """The pipe that the act's answer will come from, and the process that works it out."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return open(reading, encoding="utf-8"), child
    try:
        os.close(reading)
        answer = act()
    except BaseException:
        answer = {"failed": traceback.format_exc() + last_words()}
    with open(writing, "w", encoding="utf-8") as answers:
        json.dump(answer, answers)
    os._exit(0)
