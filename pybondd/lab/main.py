"""Run a lab from beginning to end: private network, bond, probes, pictures, verdict."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from pybondd.lab.bonds import BondHost
from pybondd.lab.copies import COPIES
from pybondd.lab.drawing import sentence
from pybondd.lab.failover import FAILOVER
from pybondd.lab.failure import LabFailedError
from pybondd.lab.flows import FLOWS
from pybondd.lab.lab import INTERVAL_NS, PORTS, Lab, Telling
from pybondd.lab.liar import let_lie
from pybondd.lab.looking import Look
from pybondd.lab.namespaces import in_private_network
from pybondd.lab.negotiation import NEGOTIATION
from pybondd.lab.prober import ProbePlan
from pybondd.lab.receive_sharing import RECEIVE_SHARING
from pybondd.lab.recording import Action, Incident, Recording, Setup
from pybondd.lab.round_robin import ROUND_ROBIN
from pybondd.lab.sketch import behind_a_switch_lines, bond_to_bond_lines
from pybondd.lab.stage import Deed, perform
from pybondd.lab.topology import (
    FAR_ADDRESS,
    NEAR_ADDRESS,
    Topology,
    behind_a_switch,
    bond_to_bond,
    give_address,
)
from pybondd.lab.transmit_sharing import TRANSMIT_SHARING
from pybondd.lab.witness import Witness
from pybondd.units import SECOND_NS

STORIES = (FAILOVER, ROUND_ROBIN, FLOWS, COPIES, NEGOTIATION, TRANSMIT_SHARING, RECEIVE_SHARING)
LABS = {lab.name: lab for lab in STORIES}
TIME_LIMIT_S = 14
"""For the preparations, and once more for the show, come what may. Both together take 10 s at most;
a machine with much else to do takes as long again for starting a dozen processes."""
READY_WITHIN_S = 5.0
"""LACP needs 3 s: two of waiting for other ports, and a few passes."""
WORDS_SHOWN_MAX = 12
RUN_DIRECTORY = Path("/run/pybondd")
FAR_RUN_DIRECTORY = Path("/run/pybondd-far")

Say = Callable[[str], None]


def print_now(line: str) -> None:
    """Print without waiting for more: a story is told while it happens."""
    print(line, flush=True)


def run(
    name: str = "failover",
    *,
    miimon: int = 100,
    output: Path | None = None,
    cables: int = len(PORTS),
    is_coloured: bool = False,
    say: Say = print_now,
) -> int:
    """Run this lab, tell its story, save its picture; 0 if what it promises really happened.

    `miimon` in milliseconds. `output` is where the SVG goes, by default ./pybondd-<name>.svg.
    `cables` lays fewer than the lab needs, to see it fail. Raises `RefusedError` where a private
    network is not possible, `LabFailedError` where the bond or the picture's place is unusable.
    """
    lab = LABS[name]
    path = output or Path(f"pybondd-{name}.svg")
    _require_writable(path)
    say(f"making a private network ({_privilege()}); it vanishes with this command")
    recording = in_private_network(lambda: _play(lab, miimon, PORTS[:cables], say))
    _tell_course(recording, say)
    width = shutil.get_terminal_size((80, 24)).columns
    telling = lab.tell(recording, width, is_coloured)
    path.write_text(telling.svg, encoding="utf-8")
    failures = (*_undone(lab, recording), *telling.failures)
    _conclude(lab, replace(telling, failures=failures), path, say)
    return 1 if failures else 0


def _play(lab: Lab, miimon_ms: int, ports: tuple[str, ...], say: Say) -> Recording:
    """The part that happens inside the private network."""
    _limit_the_time()
    began_ns = time.monotonic_ns()
    near_ports = (*ports, lab.liar) if lab.liar else ports
    if lab.has_far_bond:
        topology, sketch = bond_to_bond(near_ports), bond_to_bond_lines(near_ports, liar=lab.liar)
    else:
        topology = behind_a_switch(ports, lab.hosts)
        sketch = behind_a_switch_lines(ports, lab.hosts)
    for line in sketch:
        say(f"  {line}")
    witness = Witness(topology)
    options = ("--miimon", str(miimon_ms), *lab.options)
    hosts = [BondHost(RUN_DIRECTORY)]
    if lab.has_far_bond:
        hosts.append(_far_bond(lab, topology, ports, options))
    say("$ pybondd up bond0 --mode " + " ".join((lab.mode, *options, *near_ports)))
    for line in hosts[0].up(lab.mode, near_ports, options).splitlines():
        say(f"  {line}")
    if lab.liar:
        let_lie(topology, lab.liar, hosts[1])
    give_address("bond0", NEAR_ADDRESS)
    _wait_until_ready(lab, hosts)
    setup_s = (time.monotonic_ns() - began_ns) / SECOND_NS
    _limit_the_time()
    plan = _plan(lab)
    say(f"ready after {setup_s:.1f} s; {_probes_text(lab)}, one a millisecond")
    setup = Setup(lab.name, lab.mode, miimon_ms, near_ports, len(plan.targets), INTERVAL_NS)
    seen = perform(setup, topology, hosts[0], witness, plan=plan, steps=lab.steps)
    return replace(seen, far_words=hosts[1].words()) if lab.liar else seen


def _plan(lab: Lab) -> ProbePlan:
    targets = tuple(lab.hosts[flow % len(lab.hosts)] for flow in range(max(lab.turns) + 1))
    return ProbePlan(
        NEAR_ADDRESS, targets, tuple(lab.turns), lab.count, INTERVAL_NS, burst=lab.burst
    )


def _probes_text(lab: Lab) -> str:
    does_look = any(isinstance(step, Look) for step in lab.steps)
    return f"{'probes' if does_look else f'{lab.count} probes'} to {', '.join(lab.hosts)}"


def _far_bond(
    lab: Lab, topology: Topology, ports: Sequence[str], options: Sequence[str]
) -> BondHost:
    far = BondHost(FAR_RUN_DIRECTORY, topology.cable_end)
    far.up(lab.mode, ports, options)
    with topology.cable_end.entered():
        give_address("bond0", FAR_ADDRESS)
    return far


def _wait_until_ready(lab: Lab, hosts: Sequence[BondHost]) -> None:
    """If it takes too long the story goes on, and its judgement says what was missing."""
    deadline_ns = time.monotonic_ns() + int(READY_WITHIN_S * SECOND_NS)
    while lab.is_ready and time.monotonic_ns() < deadline_ns:
        if all(lab.is_ready(host) for host in hosts):
            return
        time.sleep(0.05)


def _tell_course(recording: Recording, say: Say) -> None:
    """What was done and what the bond said, in the order of time since the first probe."""
    said = recording.words_after(recording.started_ns)[:WORDS_SHOWN_MAX]
    course = [(word.moment_ns, f"  bond0: {sentence(word)}") for word in said]
    course += [(incident.moment_ns, _deed_text(incident)) for incident in recording.incidents]
    for moment_ns, text in sorted(course, key=lambda step: step[0]):
        say(f"t = {(moment_ns - recording.started_ns) / SECOND_NS:.4f} s  {text}")


def _deed_text(incident: Incident) -> str:
    is_cut = incident.action is Action.CUT
    sign, word = ("✂", "cut") if is_cut else ("│", "repaired")
    return f"{sign} cable of {incident.cable} {word}"


def _undone(lab: Lab, recording: Recording) -> list[str]:
    """What could not happen, because the cable for it was not laid."""
    wanted = {step.cable for step in lab.steps if isinstance(step, Deed)}
    missing = sorted(wanted - set(recording.setup.ports))
    return [f"there is no cable of {cable} to be cut" for cable in missing]


def _conclude(lab: Lab, telling: Telling, path: Path, say: Say) -> None:
    say("")
    for line in telling.picture:
        say(line)
    say("")
    say(f"result: {telling.result}")
    say(f"picture: {path if path.is_absolute() else Path.cwd() / path}")
    if telling.failures:
        say(f"FAILED: this was not the story of '{lab.name}':")
        for failure in telling.failures:
            say(f"  ✗ {failure}")
        return
    say("try next:")
    for line in lab.try_next:
        say(f"  {line}")


def _require_writable(path: Path) -> None:
    """Refuse before seconds of measuring are for nothing."""
    target = path if path.exists() else path.absolute().parent
    if not os.access(target, os.W_OK) or path.is_dir():
        why = "there is no such folder" if not target.exists() else "this user may not write there"
        remedy = "pybondd lab --output /tmp/lab.svg"
        raise LabFailedError(f"the picture cannot be saved as {path}", why, remedy)


def _limit_the_time() -> None:
    """Let the story end with an error rather than hang; its processes go with the namespace.

    Called again, it begins to count again.
    """

    def too_late(_signal: int, _frame: FrameType | None) -> None:
        raise LabFailedError(
            f"the lab did not end within {TIME_LIMIT_S} s", "something hangs", "try it once more"
        )

    signal.signal(signal.SIGALRM, too_late)
    signal.alarm(TIME_LIMIT_S)


def _privilege() -> str:
    return "as root" if os.geteuid() == 0 else "no root needed"
