"""How long ago is recent? Exact, and in the ticks of a kernel's timer."""

import pytest
from arp_bonds import arp_bond

from pybondd.monitors.arp_window import is_within, start_afresh
from pybondd.units import milliseconds

AT = milliseconds(1_000)


def within(intervals, *, age_ns, interval_ms=100, tick_ms=0):
    bond = arp_bond("balance-rr", arp_interval=interval_ms)
    bond.state.tick_ns = milliseconds(tick_ms) or 1
    return is_within(bond.state, AT, intervals, now=AT + age_ns)


@pytest.mark.parametrize("intervals", [1, 2, 3, 255])
def test_the_window_ends_half_an_interval_after_so_many(intervals):
    last = milliseconds(100 * intervals + 50)
    assert within(intervals, age_ns=last)
    assert not within(intervals, age_ns=last + 1)


def test_an_interval_ahead_is_within():
    assert within(1, age_ns=-milliseconds(100))
    assert not within(1, age_ns=-milliseconds(100) - 1)


@pytest.mark.parametrize(
    ("interval_ms", "tick_ms", "last_ms"),
    [
        pytest.param(100, 10, 150, id="100 at 100 Hz: 10 and 5 ticks"),
        pytest.param(100, 4, 148, id="100 at 250 Hz: 25 and 12 ticks"),
        pytest.param(95, 10, 150, id="95 at 100 Hz: rounded up to 10 ticks"),
        pytest.param(30, 10, 40, id="30 at 100 Hz: half of 3 ticks is 1"),
        pytest.param(1, 10, 10, id="1 at 100 Hz: one tick, and no half"),
    ],
)
def test_a_kernel_counts_whole_ticks_and_half_an_interval_is_rounded_down(
    interval_ms, tick_ms, last_ms
):
    def is_recent(age_ms):
        return within(1, age_ns=milliseconds(age_ms), interval_ms=interval_ms, tick_ms=tick_ms)

    assert is_recent(last_ms)
    assert is_recent(last_ms + tick_ms - 1) == (AT % milliseconds(tick_ms) == 0)
    assert not is_recent(last_ms + tick_ms)


def test_a_port_that_joins_counts_as_heard_an_interval_and_a_tick_ago():
    bond = arp_bond("balance-rr", 1)
    bond.state.tick_ns = milliseconds(10)
    port = bond.state.ports[0]
    start_afresh(bond.state, port, now=AT)
    assert port.last_tx_ns == port.last_rx_ns == AT - milliseconds(110)
    assert set(port.target_rx_ns) == {AT - milliseconds(110)}
