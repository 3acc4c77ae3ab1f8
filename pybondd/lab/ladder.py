"""What is said over one cable, rung by rung? Both ladder pictures, text and SVG, stand on this."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pybondd.lab.recording import Action, BondWord, Direction, Recording
from pybondd.units import Instant
from pybondd.wire.ethernet import NO_ADDRESS
from pybondd.wire.slow import Lacpdu, PortState, is_slow_protocol, parse_slow

MACHINES = ("receive machine: ", "mux machine: ")
"""Of what a bond tells, the moves that a ladder shows."""


@dataclass(frozen=True, slots=True)
class Said:
    """An LACPDU: what the speaker says of itself, and what it believes of the other.

    `again` counts how often it was repeated unchanged before anything else happened.
    """

    moment_ns: Instant
    direction: Direction
    actor: PortState
    partner: PortState
    means_another: bool
    """Whether the speaker takes the hearer for another system."""
    again: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """A machine of this end (`THERE` is who speaks that way: we) went on."""

    moment_ns: Instant
    speaker: Direction
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """Somebody did something to the cable."""

    moment_ns: Instant
    action: Action


Rung = Said | Moved | Done


def rungs(recording: Recording, cable: str) -> list[Rung]:
    """Everything about this cable in the order of time, unchanged repetitions folded together."""
    everything: list[Rung] = [
        *_all_said(recording, cable),
        *_moves(recording.words, cable, Direction.THERE),
        *_moves(recording.far_words, cable, Direction.BACK),
        *(Done(i.moment_ns, i.action) for i in recording.incidents if i.cable == cable),
    ]
    return _folded(sorted(everything, key=lambda rung: rung.moment_ns))


def _all_said(recording: Recording, cable: str) -> list[Said]:
    told = [
        (frame, pdu)
        for frame in recording.frames
        if frame.cable == cable
        and is_slow_protocol(frame.octets)
        and isinstance(pdu := parse_slow(frame.octets), Lacpdu)
    ]
    # Who stands at the end that a frame comes from; also a word said before they spoke counts.
    speakers = {way: {p.actor.system for f, p in told if f.direction is way} for way in Direction}
    hearers = {Direction.THERE: speakers[Direction.BACK], Direction.BACK: speakers[Direction.THERE]}
    return [
        Said(
            frame.moment_ns,
            frame.direction,
            PortState(pdu.actor.state),
            PortState(pdu.partner.state),
            means_another=pdu.partner.system not in {NO_ADDRESS, *hearers[frame.direction]},
        )
        for frame, pdu in told
    ]


def _moves(words: Sequence[BondWord], cable: str, speaker: Direction) -> list[Moved]:
    return [
        Moved(word.moment_ns, speaker, word.text.replace(" machine", ""))
        for word in words
        if word.port == cable and word.text.startswith(MACHINES)
    ]


def _folded(everything: list[Rung]) -> list[Rung]:
    """A PDU that says what the last one of its speaker said is counted there, not shown again."""
    folded: list[Rung] = []
    last: dict[Direction, int] = {}
    for rung in everything:
        if not isinstance(rung, Said):
            last.clear()
        elif rung.direction in last:
            known = folded[last[rung.direction]]
            assert isinstance(known, Said)
            if _same(known, rung):
                folded[last[rung.direction]] = replace(known, again=known.again + 1)
                continue
        if isinstance(rung, Said):
            last[rung.direction] = len(folded)
        folded.append(rung)
    return folded


def _same(one: Said, other: Said) -> bool:
    return replace(one, moment_ns=0, again=0) == replace(other, moment_ns=0, again=0)
