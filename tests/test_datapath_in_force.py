"""Does this run test the packet path that it claims to test?"""

import os

import pytest

from pybondd.linux.pump import datapath

WANTED = os.environ.get("PYBONDD_DATAPATH")


@pytest.mark.skipif(WANTED is None, reason="PYBONDD_DATAPATH names no packet path")
def test_the_packet_path_that_the_run_names_is_the_one_in_force():
    assert datapath().kind == WANTED
