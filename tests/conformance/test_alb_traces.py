"""Recorded balance-tlb and balance-alb, replayed: the same frames by the same ports, in order.

How a recording becomes inputs and expectations, see alb_replay.py. A recording does not tell all of
the bond at its beginning; one of a few possible beginnings must lead to every frame and snapshot.
"""

import pytest
from alb_recording import recordings
from alb_replay import replayed
from recordings import IS_OWN_DATA, JITTER

RECORDINGS = recordings()


@pytest.mark.parametrize("recording", RECORDINGS, ids=[each.name for each in RECORDINGS])
def test_frames_and_snapshots_are_the_recorded_ones(recording):
    if recording.name in JITTER:
        pytest.skip(f"hangs on jitter: {JITTER[recording.name]}")
    replayed(recording)


def test_there_are_recordings_to_compare_with():
    assert RECORDINGS or not IS_OWN_DATA
