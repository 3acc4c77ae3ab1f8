"""Which formats are there, and which one is this file in?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType

from pybondd.config import (
    commands,
    ifcfg,
    ifupdown,
    keyfile,
    modprobe,
    netplan,
    networkd,
    sysfs,
    toml,
)
from pybondd.config.bond_config import BondConfig
from pybondd.config.draft import Draft
from pybondd.config.finish import finish
from pybondd.config.lines import Source
from pybondd.config.note import Note, broken
from pybondd.config.writing import Written
from pybondd.refusal import RefusedError

Read = Callable[[Source, Draft], None]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One format. `reads` says whether a file is in it; `is_by_name`, whether its name says so."""

    name: str
    reads: Callable[[Source], bool]
    read: Read
    write: Callable[[BondConfig], Written] | None


def _dialect(name: str, room: ModuleType) -> Dialect:
    return Dialect(name, room.reads, room.read, room.write)


def _toml(config: BondConfig) -> Written:
    return Written({f"/etc/pybondd/{config.name}.toml": toml.write(config)})


DIALECTS = {
    each.name: each
    for each in (
        Dialect("toml", toml.reads, toml.read, _toml),
        _dialect("ifcfg", ifcfg),
        _dialect("netplan", netplan),
        _dialect("networkd", networkd),
        _dialect("nmconnection", keyfile),
        Dialect("sysfs", sysfs.reads, sysfs.read, None),
        Dialect("proc", sysfs.reads_proc, sysfs.read_proc, None),
        _dialect("ifupdown", ifupdown),
        _dialect("modprobe", modprobe),
        _dialect("ip", commands),
    )
}
"""By name, in the order in which they are asked: those that a file's name gives away come first."""
WRITABLE = [name for name, each in DIALECTS.items() if each.write]


def dialect_of(source: Source) -> Dialect:
    """The format of a file. Raises RefusedError if it is none that is known."""
    for dialect in DIALECTS.values():
        if dialect.reads(source):
            return dialect
    why = "neither its name nor its lines are those of a file about a bond"
    raise broken(source.place(), "unknown format", why, f"--format {'|'.join(DIALECTS)}")


def is_about_bonds(source: Source) -> bool:
    """Whether a file that nobody has named is worth reading; scripts of the system are not."""
    try:
        return dialect_of(source).name not in ("ip", "proc")
    except RefusedError:
        return False


def read_all(
    sources: Iterable[Source], format_name: str = ""
) -> tuple[list[BondConfig], list[Note]]:
    """The bonds that these files describe together, and what to tell of them.

    Raises RefusedError if one of them cannot be read: then nothing is taken from any.
    """
    draft = Draft()
    for source in sources:
        dialect = DIALECTS[format_name] if format_name else dialect_of(source)
        dialect.read(source, draft)
    return finish(draft), draft.notes


def write_as(config: BondConfig, name: str) -> Written:
    """The bond in another format."""
    write = DIALECTS[name].write
    assert write is not None, f"{name} is only read"
    return write(config)
