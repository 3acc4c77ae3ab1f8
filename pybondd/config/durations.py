"""How long is `100`, `100ms` or `1min 30s`? Tools differ in what a bare number means."""

import re
from fractions import Fraction

_UNITS_MS = {
    "us": Fraction(1, 1000),
    "usec": Fraction(1, 1000),
    "ms": Fraction(1),
    "msec": Fraction(1),
    "s": Fraction(1000),
    "sec": Fraction(1000),
    "second": Fraction(1000),
    "seconds": Fraction(1000),
    "m": Fraction(60_000),
    "min": Fraction(60_000),
    "minute": Fraction(60_000),
    "minutes": Fraction(60_000),
    "h": Fraction(3_600_000),
    "hr": Fraction(3_600_000),
}
"""systemd.time(7), as far as a monitor may want it."""
MAX_DURATION_CHARACTERS = 64


def duration_ms(text: str, *, bare_unit: str) -> int | None:
    """Whole milliseconds; None if it is no duration. `bare_unit` is that of a bare number."""
    words = re.findall(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*", text)
    rebuilt = re.fullmatch(r"(\s*[0-9]+(\.[0-9]+)?\s*[a-z]*\s*)+", text[:MAX_DURATION_CHARACTERS])
    if not words or rebuilt is None or len(text) > MAX_DURATION_CHARACTERS:
        return None
    total = Fraction(0)
    for number, unit in words:
        factor = _UNITS_MS.get(unit or bare_unit)
        if factor is None:
            return None
        total += Fraction(number) * factor
    return int(total)
