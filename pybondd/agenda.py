"""What is to be done when? Named deadlines; one per name."""

from dataclasses import dataclass, field

from pybondd.units import Instant


@dataclass(slots=True)
class Agenda:
    """Deadlines by name. Setting a name again moves it."""

    _at: dict[str, Instant] = field(default_factory=dict)

    def set(self, name: str, *, at: Instant) -> None:
        """Do `name` at this instant, and not when it was planned before."""
        self._at.pop(name, None)
        self._at[name] = at

    def cancel(self, name: str) -> None:
        """Do not do `name`; it need not be planned."""
        self._at.pop(name, None)

    def holds(self, name: str) -> bool:
        """Is it planned to do `name`?"""
        return name in self._at

    def next(self) -> tuple[Instant, str] | None:
        """The earliest deadline, the one planned first on a tie; None if nothing is planned."""
        if not self._at:
            return None
        name = min(self._at, key=self._at.__getitem__)
        return self._at[name], name

    def due(self, *, now: Instant) -> list[str]:
        """Every name that is due, in the order in which take_due would give them."""
        ripe = [name for name, at in self._at.items() if at <= now]
        return sorted(ripe, key=self._at.__getitem__)

    def take_due(self, *, now: Instant) -> str | None:
        """Remove and return the earliest name that is due; None when all lie in the future."""
        upcoming = self.next()
        if upcoming is None or upcoming[0] > now:
            return None
        self._at.pop(upcoming[1])
        return upcoming[1]
