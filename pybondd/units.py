"""Time as the core knows it: integer nanoseconds, never floats, never a clock."""

from typing import TypeAlias

Instant: TypeAlias = int
"""A moment, in nanoseconds since an origin that only the caller knows."""

Duration: TypeAlias = int
"""A length of time in nanoseconds."""

MILLISECOND_NS: Duration = 1_000_000
SECOND_NS: Duration = 1_000_000_000

NEVER: Instant = -(2**63)
"""Longer ago than anybody looks back."""


def milliseconds(count: int) -> Duration:
    """`count` milliseconds as nanoseconds."""
    return count * MILLISECOND_NS
