"""What does `up` make, of its words and of a file together?

The words win: an option named on the command line replaces the file's, and ports named there
replace the file's list. Without options and ports, /etc/pybondd/<bond>.toml is read if it is there.
"""

import errno
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pybondd.cli.config_files import config_of_bond, config_of_file
from pybondd.config import commands
from pybondd.config.bond_config import PORT_OPTIONS, BondConfig, canonical
from pybondd.config.note import Note
from pybondd.config.trial import refusals
from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.daemon.refusals import from_bond, from_core
from pybondd.option import BondMode
from pybondd.options import OPTIONS
from pybondd.refusal import RefusedError

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A bond to come up; `settings` are what only a file can say: addresses, MTU and MAC."""

    bond: str
    options: Pairs
    ports: tuple[str, ...]
    settings: BondConfig | None = None


def wanted(bond: str | None, file: str | None, options: Pairs, ports: tuple[str, ...]) -> Wanted:
    """The words of the command line over those of the file. Raises CommandRefusedError."""
    if file is not None:
        config = config_of_file(file, bond)
    elif bond is None:
        raise CommandRefusedError(_no_bond())
    elif options or ports:
        return Wanted(bond, options, ports)
    else:
        found = config_of_bond(bond)
        if found is None:
            return Wanted(bond, options, ports)
        config = found
    named = {name for name, _ in options}
    members = ports or config.ports
    kept = [
        (name, text)
        for name, text in replace(config, ports=members).written()
        if name not in named and not ("mode" in named and _is_refused_in(options, name))
    ]
    return Wanted(config.name, [*kept, *options], members, config)


def _is_refused_in(options: Pairs, name: str) -> bool:
    """Whether another mode, asked for on the command line, knows no such option."""
    text = next(text for option, text in options if option == "mode")
    try:
        return BondMode(OPTIONS["mode"].parse(text)) in OPTIONS[name].rejects
    except RefusedError:
        return False  # The bond will say it better.


def _no_bond() -> Refusal:
    return Refusal(
        "which bond?",
        "neither a name nor -c FILE was given",
        "example: pybondd up bond0 --mode active-backup eth0 eth1",
        exit_code=Exit.USAGE,
    )


def commands_of(bond: str, options: Sequence[tuple[str, str]], wish: Wanted) -> list[str]:
    """The `ip` commands that would make this bond of the kernel's driver.

    Checks the options as a bond would. Raises CommandRefusedError.
    """
    config = _as_config(bond, options, wish)
    for refuse in refusals(config).values():
        raise from_bond(refuse)
    written = commands.write(config)
    lines = [line for text in written.files.values() for line in text.splitlines()]
    return lines + [f"# {note_text(note)}" for note in written.notes]


def note_text(note: Note) -> str:
    """A note in the words of this command."""
    return f"only pybondd: {note.what} ({note.why})"


def _as_config(bond: str, pairs: Sequence[tuple[str, str]], wish: Wanted) -> BondConfig:
    options: dict[str, str] = {"mode": "balance-rr"}
    of_ports: dict[str, dict[str, str]] = {}
    for name, text in pairs:
        if name in PORT_OPTIONS:
            port, _, value = text.partition(":")
            of_ports.setdefault(port, {})[name] = value
            continue
        try:
            value = canonical(OPTIONS[name], text)
        except RefusedError as refused:
            raise from_core(refused) from refused
        is_more = name == "arp_ip_target" and name in options
        options[name] = f"{options[name]},{value}" if is_more else value
    settings = wish.settings or BondConfig(bond)
    ordered = {name: options[name] for name in OPTIONS if name in options}
    return replace(settings, name=bond, ports=wish.ports, options=ordered, port_options=of_ports)


def give_settings(config: BondConfig | None) -> None:
    """Give the bond interface its MAC, MTU and addresses. Raises CommandRefusedError."""
    if config is None:
        return
    link = [*(["address", config.mac] if config.mac else [])]
    link += ["mtu", str(config.mtu)] if config.mtu else []
    if link:
        _run_ip(config.name, ["link", "set", "dev", config.name, *link])
    for address in config.addresses:
        _run_ip(config.name, ["address", "replace", address, "dev", config.name])


def _run_ip(bond: str, words: list[str]) -> None:
    program = shutil.which("ip")
    if program is None:
        why = "ip is not installed, or not in PATH"
        refusal = Refusal(f"{bond} gets no address", why, "install iproute2", errno.ENOENT)
        raise CommandRefusedError(refusal)
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        why = " ".join(done.stderr.split()) or f"it ended with code {done.returncode}"
        remedy = f"correct it in the file, or take it out and run: ip {' '.join(words)}"
        raise CommandRefusedError(
            Refusal(f"{bond} does not come up: ip {' '.join(words)}", why, remedy)
        )
