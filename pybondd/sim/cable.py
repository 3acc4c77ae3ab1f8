"""A cable: what becomes of a frame between two interfaces?"""

from dataclasses import dataclass, field

from pybondd.sim.interface import Interface
from pybondd.sim.timeline import Timeline
from pybondd.units import Duration

DEFAULT_DELAY_NS: Duration = 10_000
"""Ten microseconds: a short cable, a fast switch port and two drivers."""
DUPLICATE_LAG_NS: Duration = 1_000
"""How long after the original a duplicate arrives; any positive value will do."""


@dataclass(slots=True, eq=False)
class Cable:
    """Two ends and the faults between them.

    `loss`, `duplication` and `reordering` are probabilities from 0 to 1, for each frame.
    `loss_from` is the further loss of what an end sends: 1 silences one direction. A reordered
    frame takes up to four times the delay. `is_mute`: the carrier stays and nothing arrives,
    which a carrier monitor cannot see.
    """

    timeline: Timeline
    a: Interface
    b: Interface
    delay_ns: Duration = DEFAULT_DELAY_NS
    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    is_plugged: bool = True
    is_mute: bool = False
    loss_from: dict[Interface, float] = field(default_factory=dict)
    cuts: int = 0

    @property
    def has_carrier(self) -> bool:
        """Plugged in, and both ends are up."""
        return self.is_plugged and self.a.is_up and self.b.is_up

    def other_end(self, end: Interface) -> Interface:
        """The interface at the far side of `end`."""
        return self.b if end is self.a else self.a

    def tell_other_end(self, end: Interface) -> None:
        """Whoever is at the far side of `end` shall look at the carrier."""
        self.other_end(end).tell_owner()

    def cut(self) -> None:
        """Unplug: the carrier goes at both ends, and what is under way is lost."""
        if self.is_plugged:
            self.is_plugged = False
            self.cuts += 1
            self._tell_both()

    def repair(self) -> None:
        """Plug in again."""
        if not self.is_plugged:
            self.is_plugged = True
            self._tell_both()

    def carry(self, sender: Interface, frame: bytes) -> None:
        """Take a frame from `sender`; it arrives later, or not."""
        if not self.has_carrier or self.is_mute or self._loses(sender):
            return
        delay_ns = self.delay_ns
        if self.timeline.chance(self.reordering):
            delay_ns += self.timeline.random.randrange(3 * self.delay_ns + 1)
        self._deliver_after(delay_ns, sender, frame)
        if self.timeline.chance(self.duplication):
            self._deliver_after(delay_ns + DUPLICATE_LAG_NS, sender, frame)

    def _loses(self, sender: Interface) -> bool:
        chance = self.timeline.chance
        return chance(self.loss) or chance(self.loss_from.get(sender, 0.0))

    def _deliver_after(self, delay_ns: Duration, sender: Interface, frame: bytes) -> None:
        receiver, cuts = self.other_end(sender), self.cuts

        def arrive() -> None:
            if self.has_carrier and self.cuts == cuts:
                receiver.receive(frame)

        self.timeline.after(delay_ns, arrive)

    def _tell_both(self) -> None:
        self.a.tell_owner()
        self.b.tell_owner()
