"""Where does a running bond keep its files?"""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal

DEFAULT_RUN_DIRECTORY = "/run/pybondd"
MAX_NAME_OCTETS = 15
"""Linux IFNAMSIZ less the closing zero."""


def run_directory() -> Path:
    """/run/pybondd, or what PYBONDD_RUN_DIR says."""
    return Path(os.environ.get("PYBONDD_RUN_DIR") or DEFAULT_RUN_DIRECTORY)


def refuse_name(bond: str) -> None:
    """Raise CommandRefusedError unless Linux takes this as an interface name (dev_valid_name)."""
    size_octets = len(bond.encode())
    if size_octets > MAX_NAME_OCTETS:
        why = f"it has {size_octets} characters, an interface name at most {MAX_NAME_OCTETS}"
    elif not bond or bond in (".", "..") or any(c in "/:" or c.isspace() for c in bond):
        why = "an interface name is not empty and has no blank, slash or colon"
    else:
        return
    raise CommandRefusedError(
        Refusal(
            f"'{bond}' cannot be the name of a bond",
            why,
            "take a short one, as bond0",
            errno.EINVAL,
            Exit.USAGE,
        )
    )


@dataclass(frozen=True, slots=True)
class BondPaths:
    """The files of one bond below the run directory."""

    directory: Path
    bond: str

    @classmethod
    def of(cls, bond: str) -> "BondPaths":
        """The files of this bond in the run directory in force now.

        Raises CommandRefusedError for a name that no interface can have: it would be a path.
        """
        refuse_name(bond)
        return cls(run_directory(), bond)

    @property
    def socket(self) -> Path:
        """The control socket."""
        return self.directory / f"{self.bond}.sock"

    @property
    def lock(self) -> Path:
        """Locked while a daemon lives; holds its process id. The lock goes with the process."""
        return self.directory / f"{self.bond}.lock"

    @property
    def log(self) -> Path:
        """What the bond reported."""
        return self.directory / f"{self.bond}.log"

    @property
    def journal(self) -> Path:
        """How the host was before the bond changed it."""
        return self.directory / f"{self.bond}.json"

    @property
    def proc(self) -> Path:
        """The text of /proc/net/bonding/<bond>, for readers that know the kernel's file."""
        return self.directory / "proc" / "net" / "bonding" / self.bond

    def forget_runtime_files(self) -> None:
        """Remove what a killed daemon left. The log stays to be read, the lock may be ours."""
        for path in (self.socket, self.proc):
            path.unlink(missing_ok=True)


def running_bonds() -> list[str]:
    """Names that have a control socket, sorted; a socket may be left over from a dead daemon."""
    return sorted(path.stem for path in run_directory().glob("*.sock"))


def bonds_with_journal() -> list[str]:
    """Names of bonds, living or dead, that have changed the host and not given it back."""
    return sorted(path.stem for path in run_directory().glob("*.json"))
