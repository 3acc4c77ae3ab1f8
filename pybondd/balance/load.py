"""How much was sent from each bucket since somebody asked?"""

from dataclasses import dataclass, field

from pybondd.forwarding import BUCKET_COUNT


@dataclass(slots=True)
class Load:
    """Octets without a VLAN tag: by bucket, and by the active port without a bucket."""

    bucket_octets: list[int] = field(default_factory=lambda: [0] * BUCKET_COUNT)
    unbalanced_octets: int = 0

    def take(self) -> tuple[tuple[int, ...], int]:
        """What was counted; counting begins again."""
        taken = tuple(self.bucket_octets), self.unbalanced_octets
        self.bucket_octets, self.unbalanced_octets = [0] * BUCKET_COUNT, 0
        return taken
