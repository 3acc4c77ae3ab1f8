"""The readable and the compiled twin, side by side."""

from functools import cache

import pytest

from pybondd.balance import hashing
from pybondd.forwarding import HashPolicy

try:
    from pybondd import _fast
except ImportError:
    _fast = None

NEEDS_COMPILED = pytest.mark.skipif(_fast is None, reason="pybondd._fast is not built here")
TWINS = (pytest.param("pure"), pytest.param("compiled", marks=NEEDS_COMPILED))


# Remembered, because tools/mutants.py asks for the same frames some hundred times.
@cache
def pure_hash(policy, frame, tci):
    return hashing.transmit_hash(HashPolicy(policy), frame, tci)


def compiled_hash(policy, frame, tci):
    return _fast.transmit_hash_of(HashPolicy(policy), frame, tci)


HASHES = {"pure": pure_hash, "compiled": compiled_hash}
