"""One bond that runs: everything it needs, put together, and taken apart again."""

import asyncio
import os
import time
from collections.abc import Mapping

from pybondd.bond import Bond
from pybondd.counters import Counters
from pybondd.daemon.clock import MonotonicClock
from pybondd.daemon.data_plane import DataPlane
from pybondd.daemon.explaining import answer_json, flow_json
from pybondd.daemon.hearing import Hearing
from pybondd.daemon.joining import Joining
from pybondd.daemon.leftovers import not_restored
from pybondd.daemon.load import LoadMeter
from pybondd.daemon.log_file import LogFile, report_text
from pybondd.daemon.loop import Engine
from pybondd.daemon.mode_notes import mode_notes
from pybondd.daemon.options import option_text, option_texts, write_options
from pybondd.daemon.paths import BondPaths
from pybondd.daemon.picture import Surroundings, status_json
from pybondd.daemon.proc_file import ProcFile
from pybondd.daemon.punted import Punted
from pybondd.daemon.recorder import Entry, Recorder
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.daemon.shapes import (
    AnswerJson,
    BondExtraJson,
    DatapathJson,
    FlowAnswerJson,
    StatusJson,
)
from pybondd.daemon.watch import Watcher
from pybondd.effects import Report, Severity
from pybondd.events import Event, PortReleased
from pybondd.linux.ethtool import Ethtool
from pybondd.linux.executor import Executor
from pybondd.linux.journal import Journal
from pybondd.linux.netlink import Route
from pybondd.linux.pump import Pumps
from pybondd.linux.tap import Tap
from pybondd.options import PRIMARY_MODES
from pybondd.status.proc import proc_text

TICK_S = 1.0
"""How often the proc file is written, after a look at what nobody tells of: multicast groups and
LACP frames that were lost."""


class RunningBond:
    """A bond with its interface, its data plane and its watchers. Needs a running event loop."""

    def __init__(self, paths: BondPaths, tap: Tap, pump: Pumps, datapath: DatapathJson) -> None:
        """Nothing of the host but the bond interface itself has changed. Raises LinuxError."""
        self.paths = paths
        self.ended = asyncio.Event()
        self.recorder = Recorder()
        self._tap = tap
        self._datapath = datapath
        self._route = Route()
        self._ethtool = Ethtool()
        self._loop = asyncio.get_running_loop()
        self._data_plane = DataPlane(pump, paths.bond, self._pump_ended)
        self._since = time.time()
        self._clock = MonotonicClock()
        self._hearing = Hearing(self._feed_frame)
        self._punted = Punted(self._feed_frame)
        self._executor = Executor(
            route=self._route,
            tap=tap,
            pump=pump,
            journal=Journal(paths.journal),
            ethtool=self._ethtool,
            ears=self._hearing,
        )
        mac = self._route.interface(tap.ifindex).mac
        self._bond = Bond(paths.bond, mac=mac, seed=int.from_bytes(os.urandom(8)))
        self._load = LoadMeter(self._bond, pump, self._feed_frame)
        self._log = LogFile(paths.log, paths.bond)
        self._proc_file = ProcFile(paths.proc)
        self._log.adopt_libraries()
        self._last_report = ""
        self._failovers = 0
        self._active_name = ""
        self._is_shut_down = False
        self._ticking: asyncio.TimerHandle | None = None
        self._build()

    def _build(self) -> None:
        self._engine = Engine(
            self._bond,
            self._executor,
            self._clock,
            self.recorder,
            before_event=self._load.before,
            before_deadline=self._before_deadline,
            after_step=self._after_step,
        )
        self._watcher = Watcher(
            self._bond,
            self._tap.ifindex,
            self._route,
            self._ethtool,
            feed=self._feed_sighting,
            bond_gone=self._bond_gone,
        )
        self._joining = Joining(self._engine, self._executor, self._route, self._watcher)

    def start(self, *, stays_down: bool = False) -> None:
        """Set the bond interface up unless it `stays_down`, watch, and move frames."""
        self._punted.listen(self._data_plane.pump.punted_fd())
        self._data_plane.start()
        if not stays_down:
            self._route.set_up(self._tap.ifindex, True)
        self._watcher.start()
        self._watcher.look_at_bond()
        self._watcher.read_addresses()
        self._tick()

    @property
    def speaks_lacp(self) -> bool:
        """Whether partners have a say in what the ports do."""
        return self._bond.mode.lacp is not None

    def notes(self) -> list[str]:
        """What people should know of a bond like this."""
        return mode_notes(self._bond.state.options)

    # -- what the control socket serves

    def status(self, *, is_privileged: bool) -> StatusJson:
        """The bond now."""
        self._hearing.count_lost()
        ports = self._bond.state.ports
        isolation = {port.ifindex: self._executor.isolation_of(port.ifindex) for port in ports}
        counters = self._data_plane.pump.counters()
        extra = self._extra(isolation, counters)
        around = Surroundings(
            self._tap.ifindex, isolation, counters, extra, self._clock.now(), is_privileged
        )
        return status_json(self._bond, around)

    def proc(self, *, is_privileged: bool) -> str:
        """The kernel's text."""
        state, mode, version = self._bond.state, self._bond.mode, os.uname().release
        return proc_text(state, mode, version=version, is_privileged=is_privileged)

    def options(self, *, is_privileged: bool) -> dict[str, str]:
        """Every option as sysfs shows it."""
        return option_texts(self._bond, is_privileged=is_privileged)

    def read_option(self, name: str, *, is_privileged: bool) -> str:
        """One option as sysfs shows it."""
        return option_text(self._bond, name, is_privileged=is_privileged)

    def explain_port(self, name: str, *, is_privileged: bool) -> AnswerJson:
        """Does it carry traffic, and if not, why?"""
        now = self._clock.now()
        return answer_json(self._bond, name, now=now, is_privileged=is_privileged)

    def explain_flow(self, texts: Mapping[str, str]) -> FlowAnswerJson:
        """By which port would it leave, and why?"""
        return flow_json(self._bond, texts)

    def write_options(self, pairs: list[tuple[str, str]]) -> None:
        """Write all or none."""
        write_options(self._engine, pairs)

    def add_ports(self, names: list[str], *, may_cut_default_route: bool) -> list[str]:
        """Let all join or none; returns notes for people."""
        return self._joining.add(names, may_cut_default_route=may_cut_default_route)

    def remove_ports(self, names: list[str]) -> None:
        """Let all leave or none."""
        self._joining.remove(names)

    def activate(self, name: str) -> None:
        """Make a port the active one."""
        self._joining.member(name)
        write_options(self._engine, [("active_slave", name)])

    def shut_down(self) -> None:
        """Give the host back as it was. Raises CommandRefusedError if something could not be."""
        if self._is_shut_down:
            return
        self._say_goodbye()
        self._is_shut_down = True
        self.ended.set()
        if self._ticking is not None:
            self._ticking.cancel()
        self._engine.stop()
        self._punted.ignore()
        self._watcher.close()
        self._data_plane.stop()
        restored = self._executor.close()
        self._data_plane.close()
        self._tap.close()
        self._proc_file.remove()
        self._route.close()
        self._ethtool.close()
        failures = [f"{each.name}: {text}" for each in restored for text in each.failed]
        if failures:
            self._log.error("; ".join(failures))
        self._log.close()
        if failures:
            raise CommandRefusedError(not_restored(self.paths, failures))

    def _say_goodbye(self) -> None:
        """LACP partners are told at once that the ports leave, as when Linux deletes a bond."""
        if self.speaks_lacp:
            for port in tuple(self._bond.state.ports):
                self._engine.feed(PortReleased(port.ifindex))

    # -- what happens by itself

    def _feed_sighting(self, event: Event) -> None:
        if not self._is_shut_down:
            self._engine.feed(event)
            self._joining.settle()

    def _feed_frame(self, event: Event) -> None:
        if not self._is_shut_down:
            self._engine.feed(event)

    def _bond_gone(self) -> None:
        """Somebody deleted the bond interface: give the ports back and end."""
        self._log.error("the bond interface was deleted; the ports are given back")
        self._end()

    def _pump_ended(self, failure: BaseException | None) -> None:
        """In the pump's thread: it stopped without being asked."""
        self._loop.call_soon_threadsafe(self._pump_lost, failure)

    def _pump_lost(self, failure: BaseException | None) -> None:
        if not self._is_shut_down:
            self._log.error("the packet path has stopped; the ports are given back", failure)
            self._end()

    def _end(self) -> None:
        self.ended.set()

    def _before_deadline(self, reason: str) -> None:
        if reason == "mii":
            self._watcher.poll()
        elif reason == "igmp":
            self._watcher.read_addresses()
        elif reason in ("ad", "alb"):
            self._hearing.drain()
        self._load.read()

    def _after_step(self, entry: Entry) -> None:
        self._log.write(entry)
        told = [report for report in entry.reports if report.severity is not Severity.DEBUG]
        if told:
            self._last_report = _last_line(self.paths.bond, entry, told[-1])
        self._count_failovers()
        if not entry.only_frames:
            self._write_proc()

    def _count_failovers(self) -> None:
        state = self._bond.state
        if state.options.mode not in PRIMARY_MODES or state.active is None:
            return
        if self._active_name and state.active.name != self._active_name:
            self._failovers += 1
        self._active_name = state.active.name

    def _tick(self) -> None:
        self._watcher.read_addresses()
        self._hearing.count_lost()
        self._write_proc()
        self._ticking = self._loop.call_later(TICK_S, self._tick)

    def _write_proc(self) -> None:
        try:
            # Everybody may read the file, so it holds what Linux shows to everybody.
            self._proc_file.write(self.proc(is_privileged=False))
        except OSError as full:
            if self._last_report != str(full):
                self._last_report = str(full)
                self._log.error(f"cannot write {self.paths.proc}: {full}")

    def _extra(self, isolation: dict[int, str], counters: Counters) -> BondExtraJson:
        now = time.time()
        return {
            "pid": os.getpid(),
            "speed_mbps": self._bond.state.shown_speed[0],
            "since": self._since,
            "uptime_s": max(0.0, now - self._since),
            "datapath": self._datapath,
            "isolation": ", ".join(sorted(set(isolation.values()))),
            "table_generation": self._bond.table.generation,
            "counters": counters.totals(),
            "failovers": self._failovers,
            "last_report": self._last_report,
            "log": str(self.paths.log),
        }


def _last_line(bond: str, entry: Entry, report: Report) -> str:
    moment = time.strftime("%H:%M:%S", time.localtime(entry.wall_ns / 1e9))
    return f"{moment} {report_text(bond, report)}"
