"""What is there to tell about a file that was read, and about which line of it?"""

import errno
from dataclasses import dataclass
from enum import Enum

from pybondd.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; lines count from 1, 0 is the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Kind(Enum):
    """Why a note is given."""

    IGNORED = "ignored"
    MISTAKE = "mistake"
    CHANGED = "changed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to tell. `what` is what was found, `why` what follows from it."""

    kind: Kind
    place: Place | None
    what: str
    why: str

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{self.kind.value}: {where}{self.what}: {self.why}"


def broken(place: Place, what: str, why: str, remedy: str) -> RefusedError:
    """The error to raise (EINVAL): this file cannot be read, and this is where and why."""
    return RefusedError(errno.EINVAL, f"{place}: {what}", why, remedy)
