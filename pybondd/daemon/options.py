"""How are the options of a running bond read and written, several at once?"""

import errno

from pybondd.bond import Bond
from pybondd.daemon.loop import Engine, refusal_in
from pybondd.daemon.not_built import refusal_of
from pybondd.daemon.refusal import CommandRefusedError, Refusal
from pybondd.daemon.refusals import from_core, from_option
from pybondd.events import Event, OptionWritten, PortOptionWritten
from pybondd.options import OPTIONS
from pybondd.refusal import RefusedError
from pybondd.state import BondState
from pybondd.status.lacp_files import LACP_PORT_FILES
from pybondd.status.sysfs import file_text
from pybondd.status.sysfs_lacp import lacp_port_texts


def option_texts(bond: Bond, *, is_privileged: bool) -> dict[str, str]:
    """Every option as its sysfs file reads, without the newline."""
    return {name: option_text(bond, name, is_privileged=is_privileged) for name in OPTIONS}


def option_text(bond: Bond, name: str, *, is_privileged: bool) -> str:
    """One option, or one of sysfs's other files. Raises CommandRefusedError."""
    state = bond.state
    if name == "prio":
        return " ".join(f"{port.name}:{port.prio}" for port in state.ports)
    if name in LACP_PORT_FILES:
        texts = ((port.name, lacp_port_texts(port, bond.mode)[name]) for port in state.ports)
        return " ".join(f"{port_name}:{text}" for port_name, text in texts)
    if name == "actor_port_prio":
        members = bond.mode.lacp.ports if bond.mode.lacp else []
        return " ".join(f"{port.name}:{port.actor.port_priority}" for port in members)
    try:
        return file_text(state, bond.mode, name, is_privileged=is_privileged)
    except RefusedError as refused:
        raise from_core(refused) from refused


def write_options(engine: Engine, pairs: list[tuple[str, str]]) -> None:
    """Write all in this order. Raises CommandRefusedError: then none is written."""
    refuse_not_built(pairs)
    events = [written_event(engine.bond.state, *pair) for pair in pairs]
    refused = engine.first_refusal(events)
    if refused is not None:
        place, refuse = refused
        raise from_option(refuse, *pairs[place])
    for event, pair in zip(events, pairs, strict=True):
        refuse_late = refusal_in(engine.feed(event))
        if refuse_late is not None:
            raise from_option(refuse_late, *pair)


def refuse_not_built(pairs: list[tuple[str, str]]) -> None:
    """Raise CommandRefusedError for an option that pybondd cannot do yet."""
    for name, text in pairs:
        refusal = refusal_of(name, text)
        if refusal is not None:
            raise CommandRefusedError(refusal)


def written_event(state: BondState, name: str, text: str) -> Event:
    """The event of writing this. Raises CommandRefusedError for a port that is none."""
    option = OPTIONS.get(name)
    if option is None or not option.is_per_port:
        return OptionWritten(name, text)
    port_name, _, value = text.partition(":")
    port = state.port_by_name(port_name)
    if port is None:
        raise CommandRefusedError(
            Refusal(
                f"{name} {text!r} is not set",
                f"port:number is expected, where port belongs to {state.name}",
                f"example: {name}=eth0:1",
                errno.ENODEV,
            )
        )
    return PortOptionWritten(port.ifindex, name, value)
