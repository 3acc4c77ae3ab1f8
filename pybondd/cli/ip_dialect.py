"""`ip` as scripts for Linux's bonding driver call it: what is ours, and what is handed over?

What has nothing to do with bonds goes to the real `ip` unread: this process becomes that one.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from pybondd.cli import ip_batch, real_ip
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.iproute.command_line import CommandLine, take_apart
from pybondd.iproute.link_words import read_link_words, verb_of
from pybondd.iproute.misuse import MisuseError

_SHOWS = ("link", "address")


def run(arguments: Sequence[str]) -> int:
    """Do what `ip` with these arguments is asked for; its exit code. May become the real `ip`."""
    line = take_apart(arguments)
    if line is None:
        real_ip.become(arguments)
    if line.has("-batch"):
        return ip_batch.run(line, arguments, concerns_bonds, run)
    if not concerns_bonds(line):
        real_ip.become(arguments)
    netns = line.value_of("-netns")
    if netns is not None:
        return _run_there(netns, line)
    return _refusals_shown(line, arguments)


def concerns_bonds(line: CommandLine) -> bool:
    """Whether the words may speak of a bond; only a look at the bonds there are says more."""
    if line.object not in _SHOWS or line.has("-all") or line.has("-help"):
        return False
    verb = verb_of(line.words)
    if verb in ("show", "delete"):
        return verb == "show" or line.object == "link"
    if line.object != "link" or verb not in ("add", "set", "replace"):
        return False
    try:
        words = read_link_words(line.words[1:])
    except MisuseError:
        return False
    if verb == "set" and (words.releases or words.netns is not None):
        return True
    return words.master is not None or words.kind in ("bond", "bond_slave")


def _refusals_shown(line: CommandLine, arguments: Sequence[str]) -> int:
    # Most calls become the real `ip`, and do not wait for what only these need.
    from pybondd.cli import ip_link, ip_show

    try:
        if verb_of(line.words) == "show":
            return ip_show.run(line, arguments)
        return ip_link.run(line, arguments)
    except MisuseError as misuse:
        if misuse.text:
            print(misuse.text, file=sys.stderr)
        if misuse.usage:
            print(real_ip.answer(["link", "help", misuse.usage])[1], end="", file=sys.stderr)
        return misuse.exit_code
    except CommandRefusedError as refused:
        from pybondd.cli.errors import show

        show(refused.refusal)
        return 1


def program(imported: str, called: str) -> str:
    """Lines of Python that run one of our commands from where this one came.

    The environment stays as it is, because the real `ip` inherits it.
    """
    source = str(Path(__file__).resolve().parents[2])
    return f"import sys\nsys.path.insert(0, {source!r})\n{imported}\nsys.exit({called})"


def _run_there(netns: str, line: CommandLine) -> int:
    """The same command inside a named network namespace."""
    words = [*line.without("-netns"), line.object, *line.words]
    ours = program("from pybondd.cli.ip_dialect import run", "run(sys.argv[1:])")
    return real_ip.run(["netns", "exec", netns, sys.executable, "-P", "-c", ours, *words])
