"""The readable and the compiled twin, side by side."""

import ctypes
from functools import cache

import pytest

from pybondd.balance import hashing
from pybondd.forwarding import HashPolicy, Spread

try:
    from pybondd import _fast
except ImportError:
    _fast = None

NEEDS_COMPILED = pytest.mark.skipif(_fast is None, reason="pybondd._fast is not built here")
SPREADS = tuple(spread for spread in Spread if spread is not Spread.BUCKETS)
"""Those of modes 0 to 4, which choose for every frame. The others: test_balance_twins.py."""
TWINS = (pytest.param("pure"), pytest.param("compiled", marks=NEEDS_COMPILED))


# Remembered, because tools/mutants.py asks for the same frames some hundred times.
@cache
def pure_hash(policy, frame, tci):
    return hashing.transmit_hash(HashPolicy(policy), frame, tci)


def compiled_hash(policy, frame, tci):
    return _fast.transmit_hash_of(HashPolicy(policy), frame, tci)


HASHES = {"pure": pure_hash, "compiled": compiled_hash}


class Cut:
    """The first octets of a frame, with the others still behind them in memory.

    The compiled twin would find them if it read beyond the end, as it would in a real buffer.
    Built on how CPython lays out `bytes`: size, hash, octets.
    """

    def __init__(self, frame):
        self.octets = bytes(bytearray(frame))
        size_at = id(self.octets) + bytes.__basicsize__ - 1 - 2 * ctypes.sizeof(ctypes.c_ssize_t)
        self.size = ctypes.c_ssize_t.from_address(size_at)
        assert self.size.value == len(frame), "bytes are laid out otherwise here"
        self.whole_size = len(frame)

    def compiled_hash(self, policy, size_octets, tci):
        self.size.value = size_octets
        try:
            return compiled_hash(policy, self.octets, tci)
        finally:
            self.size.value = self.whole_size
