"""In which order does a bond come up, so that a refusal has changed nothing?

First everything is checked and tried on a bond that has no hands. Then the leftovers of a killed
daemon of the same bond are undone, the bond interface is made, options are written in netlink's
order, ports join in the order given, and the bond is set up. If a step fails, all is undone.
"""

import errno
import os

from pybondd.bond import Bond
from pybondd.daemon.clock import MonotonicClock
from pybondd.daemon.joining import joining_events
from pybondd.daemon.leftovers import undo
from pybondd.daemon.lock import refuse_running
from pybondd.daemon.loop import first_refusal
from pybondd.daemon.options import refuse_not_built, written_event
from pybondd.daemon.paths import BondPaths
from pybondd.daemon.refusal import CommandRefusedError, Refusal
from pybondd.daemon.refusals import from_bond, from_linux, from_option, refuse_machine, refuse_ports
from pybondd.daemon.request import UpRequest
from pybondd.daemon.running import RunningBond
from pybondd.daemon.shapes import DatapathJson
from pybondd.events import Event, OptionWritten
from pybondd.linux.errors import LinuxError
from pybondd.linux.netlink import Route
from pybondd.linux.pump import datapath, make_pump
from pybondd.linux.tap import Tap


def refuse_request(request: UpRequest) -> None:
    """Raise CommandRefusedError if this cannot come up; nothing has changed."""
    refuse_machine()
    refuse_running(BondPaths.of(request.bond))
    with Route() as route:
        _refuse_taken_name(route, request.bond)
        refuse_not_built(list(request.options))
        refuse_ports(
            route, list(request.ports), request.bond, may_cut_off=request.may_cut_default_route
        )
        _refuse_by_trial(route, request)


def bring_up(request: UpRequest, paths: BondPaths) -> tuple[RunningBond, list[str]]:
    """The running bond and notes for people. Raises CommandRefusedError: all is undone.

    The caller holds the bond's lock and has called refuse_request.
    """
    notes = [f"left behind by a killed daemon, undone: {text}" for text in undo(paths)]
    try:
        tap = Tap(request.bond)
    except LinuxError as error:
        raise from_linux(f"{request.bond} cannot be made", error) from error
    try:
        pump = make_pump(tap.fileno(), seed=int.from_bytes(os.urandom(8)))
        running = RunningBond(paths, tap, pump, _datapath())
    except LinuxError as error:
        tap.close()
        raise from_linux(f"{request.bond} cannot be made", error) from error
    try:
        notes += _fill(running, request)
    except CommandRefusedError:
        running.shut_down()
        raise
    return running, notes


def _fill(running: RunningBond, request: UpRequest) -> list[str]:
    if request.early_options:
        running.write_options(request.early_options)
    notes: list[str] = []
    if request.ports:
        may_cut = request.may_cut_default_route
        notes = running.add_ports(list(request.ports), may_cut_default_route=may_cut)
    try:
        running.start(stays_down=request.stays_down)
    except LinuxError as error:
        raise from_linux(f"{request.bond} cannot be set up", error) from error
    if request.late_options:
        running.write_options(request.late_options)
    return notes + running.notes() if request.ports else notes


def _refuse_taken_name(route: Route, bond: str) -> None:
    try:
        taken = route.interface(bond)
    except LinuxError:
        return
    kind = taken.kind or "interface"
    raise CommandRefusedError(
        Refusal(
            f"{bond} exists already",
            f"interface {taken.ifindex} ({kind}) has this name and is not ours",
            f"take another name, or remove it: ip link del {bond}",
            errno.EEXIST,
        )
    )


def _refuse_by_trial(route: Route, request: UpRequest) -> None:
    """Play everything on a bond without hands. Options that name ports come after their joining."""
    bond = Bond(request.bond, mac=bytes.fromhex("020000000001"))
    now = MonotonicClock().now()
    early = request.early_options
    events: list[Event] = [OptionWritten(name, text) for name, text in early]
    refused = first_refusal(bond, events, now=now)
    if refused is not None:
        raise from_option(refused[1], *early[refused[0]])
    for port in request.ports:
        events += joining_events(route.interface(port))
    refused = first_refusal(bond, events, now=now)
    if refused is not None:
        raise from_bond(refused[1])
    for event in events:
        bond.handle(event, now=now)
    late = request.late_options
    refused = first_refusal(bond, [written_event(bond.state, *pair) for pair in late], now=now)
    if refused is not None:
        raise from_option(refused[1], *late[refused[0]])


def _datapath() -> DatapathJson:
    choice = datapath()
    return {"kind": choice.kind, "why": choice.why}
