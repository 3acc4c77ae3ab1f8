"""What comes out when a bond is written in another program's format?"""

from dataclasses import dataclass, field

from pybondd.config.bond_config import BondConfig
from pybondd.config.note import Kind, Note
from pybondd.options import OPTIONS


@dataclass(slots=True)
class Written:
    """Files by their path, with notes on what the format cannot say.

    `lost` names what is missing: an option, `port/option`, "ports", "address", "mtu" or "mac".
    """

    files: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)

    def add(self, path: str, lines: list[str]) -> None:
        """Add a file of these lines."""
        self.files[path] = "".join(f"{line}\n" for line in lines)

    def lose(self, what: str, why: str) -> None:
        """Tell that something cannot be said."""
        self.lost.add(what)
        self.notes.append(Note(Kind.LOST, None, what, why))

    def loses_ours(self, name: str) -> bool:
        """Whether the option is pybondd's own, which no other program knows; it is noted then."""
        if OPTIONS[name].is_ours:
            self.lose(name, "it is an option of pybondd alone")
        return OPTIONS[name].is_ours


def port_option_is_lost(made: Written, config: BondConfig, port: str, name: str, why: str) -> None:
    """Note that an option of a port cannot be said, if it has any."""
    if name in config.of_port(port):
        made.lose(f"{port}/{name}", why)
