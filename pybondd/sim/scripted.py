"""A partner by script: what does a port say that was never asked to be reasonable?

It stands at the far end of a cable and speaks LACP once a second, or as often as it is told, in one
of several characters. It keeps no state but the last LACPDU that it heard.
"""

from dataclasses import replace
from enum import Enum, auto

from pybondd.lacp.port import NO_PARTNER
from pybondd.sim.interface import Interface
from pybondd.sim.timeline import Timeline
from pybondd.units import SECOND_NS, Duration
from pybondd.wire.slow import (
    SLOW_ADDRESS,
    Lacpdu,
    Participant,
    PortState,
    build_lacpdu,
    is_slow_protocol,
    parse_slow,
)

WILLING = PortState.ACTIVITY | PortState.SHORT_TIMEOUT | PortState.AGGREGATION
IN_SYNC = WILLING | PortState.SYNCHRONIZATION | PortState.COLLECTING | PortState.DISTRIBUTING


class Character(Enum):
    """How a scripted partner behaves."""

    MUTE = auto()
    """LACP is off: it hears and says nothing."""
    WILLING = auto()
    """It knows us, is in sync and carries everything from its first word on."""
    WRONG_ECHO = auto()
    """In sync, but its picture of us has another key."""
    FORGETFUL = auto()
    """In sync, but it never seems to have heard us."""
    PARROT = auto()
    """It gives our own LACPDU back, as a looped cable does."""
    IMPOSTOR = auto()
    """It says that it is our system, on a port of its own."""
    RESTLESS = auto()
    """Another key in every LACPDU."""
    RANDOM = auto()
    """Every field is random."""
    GARBLED = auto()
    """Octets that only begin like an LACPDU, of any length."""


class ScriptedPartner:
    """The owner of one interface, which is up. `system` is the address that it gives (6 octets)."""

    def __init__(
        self,
        timeline: Timeline,
        interface: Interface,
        *,
        system: bytes,
        key: int = 15,
        character: Character = Character.WILLING,
    ) -> None:
        self.timeline = timeline
        self.interface = interface
        self.character = character
        self.period_ns: Duration = SECOND_NS
        self.me = Participant(0xFFFF, system, key, 0xFF, interface.ifindex & 0xFFFF, int(IN_SYNC))
        self.heard: Lacpdu | None = None
        interface.owner = self
        interface.set_up(True)
        self._speak_again()

    def frame_arrived(self, interface: Interface, frame: bytes) -> None:
        """Remember what the other side says of itself (Owner)."""
        said = parse_slow(frame) if is_slow_protocol(frame) else None
        if isinstance(said, Lacpdu):
            self.heard = said

    def link_changed(self, interface: Interface) -> None:
        """A scripted partner does not look at its link (Owner)."""

    def speak(self) -> None:
        """Send one LACPDU in character."""
        frame = self._frame()
        if frame is not None:
            self.interface.send(frame)

    def _speak_again(self) -> None:
        self.speak()
        self.timeline.after(self.period_ns, self._speak_again)

    def _frame(self) -> bytes | None:
        if self.character is Character.MUTE:
            return None
        if self.character is Character.GARBLED:
            octets = self.timeline.random.randbytes(self.timeline.random.randrange(1, 200))
            head = SLOW_ADDRESS + self.interface.mac + bytes.fromhex("8809")
            return head + bytes((self.timeline.random.choice((1, 1, 2, 3)),)) + octets
        return build_lacpdu(self._pdu(), source=self.interface.mac)

    def _pdu(self) -> Lacpdu:
        them = self.heard.actor if self.heard else NO_PARTNER
        match self.character:
            case Character.WRONG_ECHO:
                return Lacpdu(self.me, replace(them, key=them.key ^ 1))
            case Character.FORGETFUL:
                return Lacpdu(self.me, NO_PARTNER)
            case Character.PARROT if self.heard:
                return self.heard
            case Character.IMPOSTOR:
                return Lacpdu(replace(self.me, system=them.system), them)
            case Character.RESTLESS:
                self.me = replace(self.me, key=self.me.key % 0xFFFF + 1)
            case Character.RANDOM:
                return Lacpdu(self._anybody(), self._anybody())
        return Lacpdu(self.me, them)

    def _anybody(self) -> Participant:
        random = self.timeline.random
        numbers = (random.randrange(0x10000) for _ in range(4))
        priority, key, port_priority, port_number = numbers
        system = bytes((random.randrange(256) & 0xFE,)) + random.randbytes(5)
        state = random.randrange(256)
        return Participant(priority, system, key, port_priority, port_number, state)
