"""Which files does a command that deals with configurations read and write?"""

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pybondd.config.bond_config import BondConfig
from pybondd.config.dialects import is_about_bonds
from pybondd.config.lines import MAX_FILE_OCTETS, Source
from pybondd.config.note import Kind, Note
from pybondd.config.toml import read_config
from pybondd.daemon.paths import refuse_name
from pybondd.daemon.refusal import CommandRefusedError, Refusal
from pybondd.refusal import RefusedError

MAX_FILES = 1000
"""Files of one directory that are read."""
SYSFS = Path("/sys/class/net")
PROC = Path("/proc/net/bonding")


def config_directory() -> Path:
    """/etc/pybondd, or what PYBONDD_CONFIG_DIR says."""
    return Path(os.environ.get("PYBONDD_CONFIG_DIR") or "/etc/pybondd")


def sources_of(paths: Iterable[str]) -> Iterator[Source]:
    """The files of these names; of a directory, all files in it. Raises CommandRefusedError."""
    for name in paths:
        path = Path(name)
        if (path / "bonding").is_dir():
            yield _sysfs_source(path)
        elif path.is_dir():
            yield from _inside(path)
        else:
            yield read_file(path)


def _inside(folder: Path) -> Iterator[Source]:
    """The files of a directory that are about bonds; of others it is told that they are not."""
    paths = sorted(each for each in folder.iterdir() if each.is_file())
    for source in map(read_file, paths[:MAX_FILES]):
        if is_about_bonds(source):
            yield source
        else:
            why = "its name is not that of a configuration; name the file to read it all the same"
            note = Note(Kind.IGNORED, source.place(), "not read", why)
            print(note, file=sys.stderr)


def live_sources(bond: str) -> Iterator[Source]:
    """A bond of the kernel: from sysfs, or from /proc where sysfs shows another namespace."""
    refuse_name(bond)
    if (SYSFS / bond / "bonding").is_dir():
        yield _sysfs_source(SYSFS / bond)
    elif (PROC / bond).exists():
        yield read_file(PROC / bond)
    else:
        what = f"{bond} is no bond of the kernel"
        why = f"there is neither {SYSFS / bond / 'bonding'} nor {PROC / bond}"
        remedy = f"a bond of pybondd: pybondd export {bond} --as toml"
        raise CommandRefusedError(Refusal(what, why, remedy, errno.ENODEV))


def _sysfs_source(folder: Path) -> Source:
    """All files of a bond in sysfs as lines of name=text, as `pybondd get` prints them."""
    paths = [*sorted((folder / "bonding").iterdir()), folder / "mtu"]
    lines = (f"{path.name}=".encode() + read_file(path).octets.strip() for path in paths)
    return Source(str(folder / "bonding"), b"\n".join(lines))


def read_file(path: Path) -> Source:
    """A file's octets. Raises CommandRefusedError."""
    try:
        with path.open("rb") as opened:
            return Source(str(path), opened.read(MAX_FILE_OCTETS + 1))
    except OSError as error:
        raise _from_os(f"{path} cannot be read", error) from error


def new_file(path: Path, text: str) -> None:
    """Write a file that must not be there yet. Raises CommandRefusedError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        what, why = f"{path} is not written", "there is such a file already"
        refusal = Refusal(what, why, "remove it, or name another directory", errno.EEXIST)
        raise CommandRefusedError(refusal) from error
    except OSError as error:
        raise _from_os(f"{path} is not written", error) from error


def config_of_file(path: str, bond: str | None = None) -> BondConfig:
    """The bond of a TOML file; its name is the file's unless `bond` says another one.

    Raises CommandRefusedError with the line that is wrong.
    """
    try:
        return read_config(read_file(Path(path)), bond or "")
    except RefusedError as refused:
        raise from_file(refused) from refused


def from_file(refused: RefusedError) -> CommandRefusedError:
    """A file was refused: by us, no kernel has seen it."""
    return CommandRefusedError(Refusal(refused.what, refused.why, refused.remedy))


def config_of_bond(bond: str) -> BondConfig | None:
    """The bond of /etc/pybondd/<bond>.toml; None if there is no such file."""
    refuse_name(bond)
    path = config_directory() / f"{bond}.toml"
    return config_of_file(str(path)) if path.exists() else None


def _from_os(what: str, error: OSError) -> CommandRefusedError:
    number = error.errno or errno.EIO
    return CommandRefusedError(Refusal(what, os.strerror(number), "look at: ls -l", number))
