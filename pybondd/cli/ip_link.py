"""`ip link add`, `set` and `del` of bonds and their ports.

Refusals are told and numbered as `ip` tells those of the kernel, because scripts look at both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pybondd.cli import ip_create, real_ip
from pybondd.cli.bonds_here import index_of, picture_of, statuses_here
from pybondd.cli.client import ask
from pybondd.cli.down import end
from pybondd.cli.ip_options import refuse_missing, write, write_bond
from pybondd.cli.refused_ip import KernelRefusedError, asked
from pybondd.daemon.shapes import StatusJson
from pybondd.iproute import answers
from pybondd.iproute.bond_words import read_bond_words, read_port_words
from pybondd.iproute.command_line import CommandLine
from pybondd.iproute.link_words import LinkWords, read_link_words, verb_of
from pybondd.iproute.misuse import no_device
from pybondd.linux.errors import LinuxError
from pybondd.linux.interface import Interface
from pybondd.linux.netlink import Route


@dataclass(frozen=True, slots=True)
class Member:
    """A port, by the names that its daemon knows."""

    bond: str
    port: str


def run(line: CommandLine, arguments: Sequence[str]) -> int:
    """Do it; the exit code. May become the real `ip`. Raises MisuseError, CommandRefusedError."""
    verb = verb_of(line.words)
    words = read_link_words(line.words[1:])
    try:
        if verb == "set":
            return _set(line, words, arguments)
        if verb == "delete":
            return _delete(words, arguments)
        if words.kind == "bond":
            return ip_create.create(line, words)
        return _add_other(line, words, arguments)
    except KernelRefusedError as refused:
        return refused.show()


def _delete(words: LinkWords, arguments: Sequence[str]) -> int:
    bond = _bond_named(statuses_here(), words.device or words.name)
    if bond is None:
        real_ip.become(arguments)
    asked(lambda: end(bond))
    return 0


def _add_other(line: CommandLine, words: LinkWords, arguments: Sequence[str]) -> int:
    """An interface of another kind, which may join one of our bonds at once."""
    bond = _bond_named(statuses_here(), words.master)
    name = words.name or words.device
    if bond is None or name is None:
        real_ip.become(arguments)
    device = [words.device] if words.device else []
    kind = ["type", words.kind, *words.kind_words] if words.kind else []
    code = real_ip.run([*line.without(), "link", line.words[0], *device, *words.rest, *kind])
    if code:
        return code
    _enslave(bond, name)
    return 0


def _set(line: CommandLine, words: LinkWords, arguments: Sequence[str]) -> int:
    """First a bond's own options, then what the real `ip` does, then the master, as in Linux."""
    statuses = statuses_here()
    name = words.device or words.name
    bond, member = _bond_named(statuses, name), _member_named(statuses, name)
    master = _bond_named(statuses, words.master)
    if name is None or not (bond or member or master):
        real_ip.become(arguments)
    if not index_of(name):
        raise no_device(name)
    if bond and words.netns is not None:
        raise KernelRefusedError(answers.FIXED_NAMESPACE)
    if bond and bond == master:
        raise KernelRefusedError(answers.ITSELF)
    kind_is_left = _write_options(words, bond, member)
    is_told = words.releases or words.master is not None
    if is_told and member and member.bond != master:
        _release(member)
        member = None
    code = _real_part(line, words, name, is_ours=bool(master), kind_is_left=kind_is_left)
    if code == 0 and master and member is None:
        _enslave(master, name)
    return code


def _write_options(words: LinkWords, bond: str | None, member: Member | None) -> bool:
    """Write options of a bond or port of ours; whether a `type` is left for the real `ip`."""
    if words.kind == "bond" and bond:
        given = read_bond_words(words.kind_words)
        refuse_missing(given)
        write_bond(bond, given)
    elif words.kind == "bond_slave" and member:
        for name, text in read_port_words(words.kind_words).items():
            write(member.bond, name, f"{member.port}:{text}")
    else:
        return words.kind is not None
    return False


def _real_part(
    line: CommandLine, words: LinkWords, name: str, *, is_ours: bool, kind_is_left: bool
) -> int:
    """Let the real `ip` do what is its; its exit code, 0 if nothing is left."""
    rest = list(words.rest)
    if words.releases:
        # A port of ours has left already; for another interface only the kernel knows.
        rest.append("nomaster")
    if words.master is not None and not is_ours:
        rest += ["master", words.master]
    if kind_is_left:
        assert words.kind is not None
        rest += ["type", words.kind, *words.kind_words]
    if not rest:
        return 0
    return real_ip.run([*line.without(), "link", "set", "dev", name, *rest])


def _release(member: Member) -> None:
    asked(lambda: ask(member.bond, "DELETE", "/ports", {"ports": [member.port]}))


def _enslave(bond: str, name: str) -> None:
    interface = _interface(name)
    if interface.is_up:
        raise KernelRefusedError(answers.WHILE_UP)
    if interface.master is not None:
        real_ip.run(["link", "set", "dev", name, "nomaster"])
    # Nobody is cut off by losing an interface that is down.
    body = {"ports": [name], "may_cut_default_route": True}
    asked(lambda: ask(bond, "POST", "/ports", body))


def _interface(name: str) -> Interface:
    try:
        with Route() as route:
            return route.interface(name)
    except LinuxError:
        raise no_device(name) from None


def _bond_named(statuses: list[StatusJson], name: str | None) -> str | None:
    """The name that the daemon goes by; the interface may have been renamed since."""
    ifindex = index_of(name) if name else 0
    found = (each["ifname"] for each in statuses if each["ifindex"] == ifindex)
    return next(found, None) if ifindex else None


def _member_named(statuses: list[StatusJson], name: str | None) -> Member | None:
    ifindex = index_of(name) if name else 0
    port = picture_of(statuses).port(ifindex) if ifindex else None
    if port is None:
        return None
    bond = _bond_named(statuses, port.master)
    return Member(bond, port.name) if bond else None
