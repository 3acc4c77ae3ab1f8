"""`ip link add NAME type bond`: a bond without ports, down, with Linux's defaults."""

import errno
from collections.abc import Mapping

from pybondd.cli import real_ip
from pybondd.cli.bonds_here import index_of
from pybondd.cli.down import end
from pybondd.cli.ip_options import of_option, refuse_missing
from pybondd.cli.refused_ip import KernelRefusedError, translated
from pybondd.daemon import background
from pybondd.daemon.paths import MAX_NAME_OCTETS
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.daemon.request import UpRequest
from pybondd.iproute import answers, writes
from pybondd.iproute.bond_words import read_bond_words
from pybondd.iproute.command_line import CommandLine
from pybondd.iproute.link_words import LinkWords
from pybondd.iproute.misuse import MisuseError, wrong_argument
from pybondd.iproute.writes import KernelRefusal

_NOT_AFTERWARDS = frozenset({"index", "numtxqueues", "numrxqueues", "link", "netns"})
"""Words that only count while an interface is made; a TAP device is made without them."""


def create(line: CommandLine, words: LinkWords) -> int:
    """Make it; the exit code. Raises MisuseError, KernelRefusedError."""
    given = read_bond_words(words.kind_words)
    refuse_missing(given)
    name = _name(words)
    rest = _rest(words)
    pairs = _pairs(given)
    if index_of(name):
        raise KernelRefusedError(answers.EXISTS)
    try:
        background.start(UpRequest(name, pairs, stays_down=True))
    except CommandRefusedError as refused:
        raise _refusal(refused, given) from refused
    code = real_ip.run([*line.without(), "link", "set", "dev", name, *rest]) if rest else 0
    if code:
        end(name)
    return code


def _name(words: LinkWords) -> str:
    name = words.name or words.device
    if name is None:
        return next(f"bond{n}" for n in range(1 << 15) if not index_of(f"bond{n}"))
    if not name or name in (".", "..") or "/" in name or any(c.isspace() for c in name):
        raise wrong_argument(name, '"dev" not a valid ifname')
    if len(name.encode()) > MAX_NAME_OCTETS:
        raise KernelRefusedError(KernelRefusal(errno.ERANGE, "Attribute failed policy validation"))
    return name


def _rest(words: LinkWords) -> list[str]:
    """What the real `ip` does to the interface once it is there."""
    rest = list(words.rest)
    for unknown in _NOT_AFTERWARDS.intersection(rest):
        raise MisuseError(f"pybondd: {unknown} of a bond cannot be chosen here", 2)
    if words.name is not None:
        place = rest.index("name")
        del rest[place : place + 2]
    return [*rest, *(["master", words.master] if words.master else [])]


def _pairs(given: Mapping[str, str]) -> tuple[writes.Pair, ...]:
    too_big, clash = writes.out_of_range(given), writes.clash(given)
    if too_big is not None:
        raise KernelRefusedError(too_big)
    if clash is not None:
        raise KernelRefusedError(clash[1])
    return tuple(step for pair in writes.in_order(given) for step in writes.steps(pair, ()))


def _refusal(refused: CommandRefusedError, given: Mapping[str, str]) -> KernelRefusedError:
    """An option's refusal names it; every other keeps its reasons."""
    told = refused.refusal
    if told.errno and any(name in told.what for name in given):
        return of_option(refused)
    return translated(refused)
