"""What caused it? One short line for an event."""

from pybondd.daemon.frame_words import frame_words
from pybondd.events import (
    EffectFailed,
    Event,
    HostAddressed,
    HostFrames,
    LinkChanged,
    LoadMeasured,
    OptionWritten,
    PortFrame,
    PortFramesLost,
    PortOffered,
    PortOptionWritten,
    PortReady,
    PortReleased,
    PortVanished,
)
from pybondd.port import LinkFacts
from pybondd.state import BondState

MAX_CAUSE_LENGTH = 240
"""Characters of a cause that the log keeps."""


def cause_text(state: BondState, event: Event) -> str:
    """The event in words, with the port's name where it still has one."""
    return _text(state, event)[:MAX_CAUSE_LENGTH]


def facts_text(facts: LinkFacts) -> str:
    """`up, no carrier`; speed only where there is a link."""
    if not facts.is_up:
        return "set down"
    if not facts.has_carrier:
        return "up, no carrier"
    speed = f", {facts.speed_mbps} Mbit/s" if facts.speed_mbps is not None else ""
    return f"up, carrier{speed}"


def _text(state: BondState, event: Event) -> str:
    match event:
        case LinkChanged(ifindex, facts):
            return f"link of {_name(state, ifindex)}: {facts_text(facts)}"
        case PortFrame(ifindex, frame):
            return f"{frame_words(frame)} came in on {_name(state, ifindex)}"
        case HostFrames(frames):
            return f"{len(frames)} frames of the host were left to the bond"
        case LoadMeasured():
            return "the load was measured"
        case PortFramesLost(ifindex, count):
            return f"{count} frames for the bond itself too many came in on {_name(state, ifindex)}"
        case PortOffered(_, name):
            return f"{name} is offered"
        case PortReady(ifindex, facts):
            return f"{_name(state, ifindex)} is ready: {facts_text(facts)}"
        case PortReleased(ifindex):
            return f"{_name(state, ifindex)} is released"
        case PortVanished(ifindex):
            return f"{_name(state, ifindex)} has vanished"
        case OptionWritten(name, text):
            return f"{name}={text!r} is written"
        case PortOptionWritten(ifindex, name, text):
            return f"{name}={text!r} of {_name(state, ifindex)} is written"
        case HostAddressed(interfaces):
            return f"addresses of {' '.join(each.name for each in interfaces)} were read"
        case EffectFailed(effect, errno):
            return f"{type(effect).__name__} failed: errno {errno}"
    return repr(event)


def _name(state: BondState, ifindex: int) -> str:
    port = state.port_by_index(ifindex)
    return port.name if port else f"interface {ifindex}"
