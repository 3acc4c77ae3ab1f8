"""The engine drives a real bond with hands that only write down what they are asked to do."""

import asyncio
import errno

import pytest

from pybondd.bond import Bond
from pybondd.daemon.loop import MAX_LATENESS_NS, Engine, refusal_in
from pybondd.daemon.recorder import Recorder
from pybondd.effects import AttachPort, Effect, SetPortUp
from pybondd.events import BondOpened, OptionWritten, PortOffered, PortReady
from pybondd.lacp.system import PASS_MS
from pybondd.port import LinkFacts
from pybondd.units import MILLISECOND_NS, SECOND_NS

MAC = bytes.fromhex("020000000009")
PORT_MAC = bytes.fromhex("020000000001")


class Hands:
    """Notes effects; fails those of one kind."""

    def __init__(self, failing: type[Effect] | None = None) -> None:
        self.done: list[Effect] = []
        self.failing = failing

    def execute(self, effect: Effect) -> int:
        self.done.append(effect)
        return errno.EPERM if self.failing and isinstance(effect, self.failing) else 0


class Clock:
    """Stands still, except when told."""

    def __init__(self) -> None:
        self.time_ns = 1_000

    def now(self) -> int:
        return self.time_ns

    def wall_ns(self) -> int:
        return 0


def engine(hands: Hands, **hooks) -> Engine:
    return Engine(Bond("bond0", mac=MAC), hands, Clock(), Recorder(), **hooks)


def offered(*, is_up: bool = False) -> PortOffered:
    return PortOffered(2, "eth0", PORT_MAC, 1500, LinkFacts(is_up=is_up))


async def test_effects_are_carried_out_in_list_order():
    hands = Hands()
    driven = engine(hands)
    effects = driven.feed(offered())
    assert hands.done == effects
    kinds = [type(effect) for effect in effects]
    assert kinds.index(AttachPort) < kinds.index(SetPortUp)
    driven.stop()


async def test_a_refusal_is_returned_and_nothing_is_done():
    hands = Hands()
    driven = engine(hands)
    refuse = refusal_in(driven.feed(offered(is_up=True)))
    assert refuse is not None
    assert refuse.errno == errno.EPERM
    assert hands.done == []
    driven.stop()


async def test_a_failed_effect_is_handed_back_and_the_refusal_that_follows_is_returned():
    hands = Hands(failing=AttachPort)
    driven = engine(hands)
    refuse = refusal_in(driven.feed(offered()))
    assert refuse is not None
    assert "AttachPort" in refuse.why
    causes = [entry.cause for entry in driven.recorder.recent()]
    assert any(cause.startswith("AttachPort failed") for cause in causes)
    driven.stop()


async def test_trying_events_changes_neither_the_bond_nor_the_world():
    hands = Hands()
    driven = engine(hands)
    events = [OptionWritten("miimon", "50"), OptionWritten("updelay", "nonsense")]
    refused = driven.first_refusal(events)
    assert refused is not None
    place, refuse = refused
    assert place == 1
    assert refuse.errno == errno.EINVAL
    assert driven.bond.read_option("miimon") == "0"
    assert hands.done == []


async def test_the_timer_runs_a_pass_with_fresh_facts():
    asked: asyncio.Queue[str] = asyncio.Queue()
    driven = engine(Hands(), before_deadline=asked.put_nowait)
    for event in (OptionWritten("miimon", "1"), offered(), PortReady(2, LinkFacts()), BondOpened()):
        driven.feed(event)
    async with asyncio.timeout(5):
        first = await asked.get()
    driven.stop()
    assert first == "mii"


async def test_every_monitor_pass_has_fresh_facts_though_the_pass_of_lacp_is_due_as_well():
    asked: asyncio.Queue[str] = asyncio.Queue()
    clock = Clock()
    driven = Engine(
        Bond("bond0", mac=MAC), Hands(), clock, Recorder(), before_deadline=asked.put_nowait
    )
    for event in (
        OptionWritten("mode", "802.3ad"),
        OptionWritten("miimon", "100"),
        offered(),
        PortReady(2, LinkFacts()),
        BondOpened(),
    ):
        driven.feed(event)
    clock.time_ns = driven.bond.next_deadline()[0]
    async with asyncio.timeout(5):
        assert {await asked.get(), await asked.get()} == {"ad", "mii"}
    driven.stop()


# -- what is late stays late only once

PERIOD_NS = PASS_MS * MILLISECOND_NS


async def pass_served(*, late_ns: int) -> tuple[int, int]:
    """A bond of LACP whose pass comes so late: when the pass was planned, and the next one."""
    served: asyncio.Queue[str] = asyncio.Queue()
    clock = Clock()
    driven = Engine(
        Bond("bond0", mac=MAC), Hands(), clock, Recorder(), before_deadline=served.put_nowait
    )
    for event in (OptionWritten("mode", "802.3ad"), OptionWritten("miimon", "0"), BondOpened()):
        driven.feed(event)
    planned, reason = driven.bond.next_deadline()
    assert reason == "ad"
    clock.time_ns = planned + late_ns
    async with asyncio.timeout(5):
        await served.get()
    driven.stop()
    assert served.empty()
    return planned, driven.bond.next_deadline()[0]


@pytest.mark.parametrize("late_ns", [0, 1, 7_000_000, MAX_LATENESS_NS])
async def test_a_late_pass_does_not_delay_those_after_it(late_ns):
    planned, following = await pass_served(late_ns=late_ns)
    assert following == planned + PERIOD_NS


@pytest.mark.parametrize("late_ns", [MAX_LATENESS_NS + 1, 10 * SECOND_NS])
async def test_after_a_sleep_one_pass_is_run_and_time_goes_on_from_now(late_ns):
    planned, following = await pass_served(late_ns=late_ns)
    assert following == planned + late_ns + PERIOD_NS


async def test_time_never_goes_back_for_the_bond():
    clock = Clock()
    driven = Engine(Bond("bond0", mac=MAC), Hands(), clock, Recorder())
    events = [OptionWritten("mode", "802.3ad"), offered(), PortReady(2, LinkFacts()), BondOpened()]
    for event in events:
        driven.feed(event)
    clock.time_ns += 5 * MILLISECOND_NS
    driven.feed(OptionWritten("min_links", "1"))
    driven._deadline_reached()
    driven.stop()
    moments = [entry.monotonic_ns for entry in driven.recorder.recent()]
    assert moments == sorted(moments)
    assert len(set(moments)) > 1
