"""Options of a bond that runs, written as one request of netlink would be."""

import errno
from collections.abc import Mapping

from pybondd.cli.bonds_here import index_of
from pybondd.cli.client import ask
from pybondd.cli.refused_ip import KernelRefusedError, translated
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.iproute import answers, writes
from pybondd.iproute.bond_words import DEVICE_WORDS
from pybondd.iproute.misuse import no_device


def write_bond(bond: str, given: Mapping[str, str]) -> None:
    """Write all in Linux's order; what was written before a refusal stays.

    Raises KernelRefusedError.
    """
    too_big, clash = writes.out_of_range(given), writes.clash(given)
    if too_big is not None:
        raise KernelRefusedError(too_big)
    for pair in writes.in_order(given):
        if clash is not None and clash[0] == pair[0]:
            raise KernelRefusedError(clash[1])
        for name, text in writes.steps(pair, _targets(bond, pair[0])):
            write(bond, name, text)


def write(bond: str, name: str, text: str) -> None:
    """Write one option. Raises KernelRefusedError."""
    try:
        ask(bond, "POST", "/options", {"options": [[name, text]]})
    except CommandRefusedError as refused:
        raise of_option(refused) from refused


def of_option(refused: CommandRefusedError) -> KernelRefusedError:
    """The refusal of an option as the driver words it; with our reasons where only we refuse."""
    number = refused.refusal.errno
    if number in (0, errno.EOPNOTSUPP):
        return translated(refused)
    return KernelRefusedError(answers.option_refusal(number))


def refuse_missing(given: Mapping[str, str]) -> None:
    """Raise MisuseError if an option names an interface that does not exist."""
    for name in DEVICE_WORDS & given.keys():
        if given[name] and not index_of(given[name]):
            raise no_device(given[name])


def _targets(bond: str, option: str) -> list[str]:
    if option != "arp_ip_target":
        return []
    return str(ask(bond, "GET", f"/options/{option}")).split()
