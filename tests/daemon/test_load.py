"""What the packet path has sent is known to the bond before anything takes a bucket away."""

import pytest
from alb_bonds import tlb
from bonds import CUT, bond_with

from pybondd.daemon.clock import MonotonicClock
from pybondd.daemon.load import LoadMeter
from pybondd.daemon.loop import Engine
from pybondd.daemon.recorder import Recorder
from pybondd.events import HostFrame, HostFrames, LinkChanged, OptionWritten, PortFrame
from pybondd.forwarding import BUCKET_COUNT

SENT_OCTETS = 50_000


class Pump:
    """Has sent so much from each bucket each time somebody asks."""

    def __init__(self):
        self.asked = 0

    def take_load(self):
        self.asked += 1
        return (SENT_OCTETS,) * BUCKET_COUNT, SENT_OCTETS


class Hands:
    """Can do anything."""

    def execute(self, effect):
        return 0


def metered(bond):
    """An engine for this bond that asks such a pump."""
    pump = Pump()
    meter = LoadMeter(bond, pump, lambda event: engine.feed(event))
    engine = Engine(bond, Hands(), MonotonicClock(), Recorder(), before_event=meter.before)
    return engine, pump


async def test_a_new_active_port_takes_the_measure_of_all_that_was_sent_until_now():
    bond = tlb(1, 2)
    engine, _ = metered(bond)
    frame = b"\x02" * 12 + b"\x08\x00" + bytes(86)
    engine.feed(HostFrames((HostFrame(frame),)))
    (bucket,) = [each for each in bond.mode.transmit.buckets if each.port]
    engine.feed(OptionWritten("active_slave", "eth2"))
    engine.stop()
    assert bond.state.active.name == "eth2"
    assert bucket.port is None
    assert bucket.load_octets_per_s == 1 + (SENT_OCTETS + len(frame)) // 10


@pytest.mark.parametrize(
    ("mode", "event", "asked"),
    [
        ("balance-tlb", LinkChanged(2, CUT), 1),
        ("balance-tlb", HostFrames(()), 0),
        ("balance-alb", PortFrame(1, bytes(60)), 0),
        ("active-backup", LinkChanged(2, CUT), 0),
        ("balance-xor", OptionWritten("miimon", "50"), 0),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
async def test_the_packet_path_is_asked_only_when_a_bucket_may_lose_its_port(mode, event, asked):
    engine, pump = metered(bond_with(mode, 1, 2))
    engine.feed(event)
    engine.stop()
    assert pump.asked == asked
