"""The engine drives a real bond with hands that only write down what they are asked to do."""

import asyncio
import errno

from pybondd.bond import Bond
from pybondd.daemon.loop import Engine, refusal_in
from pybondd.daemon.recorder import Recorder
from pybondd.effects import AttachPort, Effect, SetPortUp
from pybondd.events import BondOpened, OptionWritten, PortOffered, PortReady
from pybondd.port import LinkFacts

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
