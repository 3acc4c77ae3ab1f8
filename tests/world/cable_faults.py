"""What happens to cables, by chance: for every saboteur."""

from pybondd.units import milliseconds

MAX_FLAP_MS = 300
"""A flap is over after this time."""


class CableFaults:
    """Deeds that concern one cable; whoever inherits says which, by `cable`.

    `world` and its `random` decide when. `most_turns`: how often a flap changes the carrier, at
    most.
    """

    most_turns = 7

    def cut(self):
        self.cable().cut()

    def repair(self):
        self.cable().repair()

    def flap(self):
        cable = self.cable()
        for turn in range(self.random.randrange(1, self.most_turns + 1)):
            deed = cable.cut if turn % 2 == 0 else cable.repair
            self.world.after(milliseconds(self.random.randrange(MAX_FLAP_MS)), deed)

    def mute(self):
        cable = self.cable()
        cable.is_mute = not cable.is_mute
