"""How does a "no" of the bond or of Linux become one for people?"""

import errno
import socket
from dataclasses import replace

from pybondd.daemon.refusal import CommandRefusedError, Exit, Refusal
from pybondd.effects import Refuse
from pybondd.linux.errors import LinuxError
from pybondd.linux.netlink import Route
from pybondd.linux.preflight import machine_objections, port_objections
from pybondd.naming_ports import MAX_NAME_OCTETS
from pybondd.option import Option
from pybondd.options import OPTIONS
from pybondd.refusal import RefusedError
from pybondd.suggest import suggestion


def from_bond(refuse: Refuse, remedy: str = "") -> CommandRefusedError:
    """The bond refused; `remedy` helps out where the bond has none."""
    return CommandRefusedError(
        Refusal(refuse.what, refuse.why, refuse.remedy or remedy, refuse.errno)
    )


def from_core(refused: RefusedError) -> CommandRefusedError:
    """A reading of the core was refused."""
    return CommandRefusedError(Refusal(refused.what, refused.why, refused.remedy, refused.code))


def from_linux(what: str, error: LinuxError) -> CommandRefusedError:
    """Linux refused."""
    return CommandRefusedError(Refusal(what, str(error), "look at: ip -d link", error.errno))


def from_option(refuse: Refuse, name: str, text: str) -> CommandRefusedError:
    """Writing an option was refused. A value that no bond could take is a misuse of the command.

    The bond does not know the host's other interfaces, so it cannot tell, as Linux does, one that
    is no port (EINVAL) from one that does not exist (ENODEV).
    """
    option = OPTIONS.get(name)
    if name == "active_slave" and refuse.errno == errno.EINVAL and not _is_interface(text):
        refuse = replace(refuse, errno=errno.ENODEV, why="there is no interface of this name")
    if (
        option is None
        or option.is_raw
        or refuse.errno != errno.EINVAL
        or _is_readable(option, text)
    ):
        return from_bond(refuse, "the options as they are: pybondd get BOND")
    meant = suggestion(text, option.values)
    return CommandRefusedError(
        Refusal(refuse.what, refuse.why, meant or refuse.remedy, refuse.errno, Exit.USAGE)
    )


def refuse_machine() -> None:
    """Raise CommandRefusedError if no bond can be made here at all."""
    for objection in machine_objections():
        is_privilege = objection.errno in (errno.EPERM, errno.EACCES)
        code = Exit.NO_PRIVILEGE if is_privilege else Exit.REFUSED
        raise CommandRefusedError(
            Refusal(objection.what, objection.why, objection.remedy, objection.errno, code)
        )


def refuse_ports(route: Route, names: list[str], bond: str, *, may_cut_off: bool) -> None:
    """Raise CommandRefusedError for the first interface that cannot be a port."""
    for place, name in enumerate(names):
        if name in names[:place]:
            what = f"{name} cannot join {bond} twice"
            raise CommandRefusedError(
                Refusal(what, "it is named twice", "name it once", errno.EBUSY, Exit.USAGE)
            )
        for objection in port_objections(route, name, bond, may_cut_off=may_cut_off):
            remedy = objection.remedy
            if objection.errno == errno.ENODEV:
                known = [each.name for each in route.interfaces() if not each.is_loopback]
                remedy = suggestion(name, known) or f"there are: {' '.join(known) or 'none'}"
            raise from_bond(Refuse(objection.errno, objection.what, objection.why, remedy))


def _is_interface(text: str) -> bool:
    """Whether the first word, as Linux reads it, names an interface of this network namespace."""
    name = (text.split("\n", 1)[0].split() or [""])[0][:MAX_NAME_OCTETS]
    try:
        return bool(socket.if_nametoindex(name))
    except OSError:
        return False


def _is_readable(option: Option, text: str) -> bool:
    try:
        option.parse(text)
    except RefusedError:
        return False
    return True
