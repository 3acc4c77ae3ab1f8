"""One option of the bond: how is its text read?"""

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default_field
from enum import IntEnum

from pybondd.refusal import RefusedError


class BondMode(IntEnum):
    """The seven modes, numbered as Linux does."""

    BALANCE_RR = 0
    ACTIVE_BACKUP = 1
    BALANCE_XOR = 2
    BROADCAST = 3
    IEEE8023AD = 4
    BALANCE_TLB = 5
    BALANCE_ALB = 6


MAX_WORD_OCTETS = 32
"""bond_opt_parse compares at most this much of a word."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: how its text is read and when it may be written.

    `values` are named values; a number must be one of them or lie in `low`..`high` where a range is
    given. `default` is what the word "default" stands for, None where that word is not known.
    A `is_raw` option is read by its own action. `field` names the attribute of OptionValues.
    """

    name: str
    field: str
    meaning: str
    values: Mapping[str, int] = default_field(default_factory=dict)
    low: int | None = None
    high: int | None = None
    default: int | None = None
    rejects: frozenset[BondMode] = frozenset()
    needs_no_ports: bool = False
    needs_bond_down: bool = False
    is_raw: bool = False
    is_per_port: bool = False
    is_shown_by_name: bool = False
    only_by_name: frozenset[int] = frozenset()
    """Values that Linux 6.12 does not know; their numbers are refused as Linux refuses them."""
    is_ours: bool = False
    """pybondd's own: Linux's driver has no such option."""

    def parse(self, text: str) -> int:
        """The number that `text` stands for, read as Linux reads a sysfs write.

        Cut at the first newline. Digits and blanks only: the first number. Else the first word,
        compared exactly. Raises RefusedError (EINVAL).
        """
        line = text.split("\n", 1)[0]
        number = self._number(line) if re.fullmatch(r"[0-9\s]*", line) else self._word(line)
        if number is None:
            raise RefusedError(
                errno.EINVAL, f"{self.name}: invalid value {line!r}", self.expects(), self._remedy()
            )
        return number

    def _number(self, line: str) -> int | None:
        digits = line.split()
        if not digits:
            return None
        number = int(digits[0])
        in_range = self.high is not None and (self.low or 0) <= number <= self.high
        is_known = in_range or number in self.values.values()
        return number if is_known and number not in self.only_by_name else None

    def _word(self, line: str) -> int | None:
        word = line.split()[0][:MAX_WORD_OCTETS]
        if word == "default" and self.default is not None:
            return self.default
        return self.values.get(word)

    def expects(self) -> str:
        """What may be written, for people."""
        if self.high is not None:
            return f"a number from {self.low or 0} to {self.high} is expected"
        return "one of " + ", ".join(f"{name} ({n})" for name, n in self.values.items())

    def _remedy(self) -> str:
        return f"example: {self.name}={next(iter(self.values), self.low or 0)}"

    def name_of(self, number: int) -> str:
        """The name of a value; the number as text when it has none."""
        return next((name for name, n in self.values.items() if n == number), str(number))
