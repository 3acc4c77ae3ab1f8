"""How long ago was that, for people and JSON?"""

from pybondd.units import SECOND_NS, Instant


def age_s(moment: Instant | None, *, now: Instant) -> float | None:
    """Seconds since `moment`, to the millisecond; None if it never came."""
    return None if moment is None else round((now - moment) / SECOND_NS, 3)
