"""Runs the commands of a recording in virtual time: `ip`, `echo > sysfs`, `ethtool`, `sleep`.

Only what the commands of recordings use is known here; anything else is an error, because a
command that is passed over in silence makes the comparison worthless.
"""

import errno
import re
import shlex
from ipaddress import ip_interface
from operator import itemgetter

from addressed_bond import give_address, give_routes
from far_bridge import FarBridge
from iproute2_words import (
    NETLINK_ORDER,
    WITHOUT_VALUE,
    WORDS_OF_IPROUTE2,
    UnknownCommandError,
    conflicts,
    pairs,
    parse_mac,
    settings,
)

from pybondd.agenda import Agenda
from pybondd.port import Duplex
from pybondd.sim.bonded import SimulatedBond
from pybondd.sim.interface import Interface
from pybondd.sim.world import World
from pybondd.status.lacp_files import LACP_FILES
from pybondd.status.sysfs_lacp import lacp_port_texts

READ_ONLY_FILES = {*LACP_FILES, "mii_status"}
MAX_COMMAND_OCTETS = 16
"""The driver reads at most so much of what is written to `slaves`: a sign and a name."""
TAP_SPEED_MBPS = 10
"""What the tun driver says until ethtool sets another speed."""
VETH_SPEED_MBPS = 10_000
RANDOM_MAC = bytes.fromhex("02b000000001")
"""Of a bond for which no command names an address."""


class TimerWheel(Agenda):
    """An agenda that breaks ties as the kernel's timers do: what was planned last comes first.

    So the monitor and the LACP machines, both every 100 ms, take turns in going first, and a link
    that is found may count in the pass of the same instant or only in the next.
    """

    def next(self):
        """The earliest deadline, the one planned last on a tie."""
        deadlines = [(at, name) for name, at in reversed(self._at.items())]
        return min(deadlines, key=itemgetter(0), default=None)


class Machine:
    """The recorded machine: its namespaces, its interfaces and its bonds."""

    def __init__(self, *, jiffy_ns, command_ns, follows="linux", route_lag_ns=0):
        self.world = World()
        self.follows = follows
        self.jiffy_ns = jiffy_ns
        self.command_ns = command_ns
        self.route_lag_ns = route_lag_ns
        self.namespaces = {"": {}}
        self.bonds = {}
        self.bridges = {}
        self._add_interface("", "lo", "00:00:00:00:00:00").set_up(True)

    # -- lines

    def run(self, line):
        """Run one line; the answer is 0 or an errno (1 where only an exit code is known)."""
        text, _, _ = line.partition(" # rc=")
        if text.startswith("#"):
            return self._remark(text)
        answer = 0
        for command in text.split(";"):
            self.world.run_for(self.command_ns)
            answer = self._command(shlex.split(command), "")
        return answer

    def run_recorded(self, line):
        """Run one line and insist on the recorded exit code."""
        answer = self.run(line)
        recorded = re.search(r"# rc=(\d+)", line)
        failed = recorded is not None and recorded[1] != "0"
        assert bool(answer) == failed, f"{line!r} answered {answer}"

    def _remark(self, text):
        tap = re.match(r"# tap (\S+) created by the script", text)
        if tap is None:
            raise UnknownCommandError(text)
        self._add_interface("", tap[1], None, is_tap=True)
        return 0

    def _command(self, words, namespace):
        match words:
            case ["sleep", seconds]:
                self.world.run_for(round(float(seconds) * 1e9))
            case ["ip", "-n", name, *rest]:
                return self._ip(rest, name)
            case ["ip", "netns", "add", name]:
                self.namespaces[name] = {}
            case ["ip", "netns", "exec", name, *rest]:
                return self._command(rest, name)
            case ["ip", *rest]:
                return self._ip(rest, namespace)
            case ["ethtool", "-s", name, "speed", speed, "duplex", duplex]:
                self.namespaces[namespace][name].set_speed(int(speed), Duplex(duplex))
            case ["echo", *text, ">", path]:
                return self._echo(text, path)
            case ["cat", path] | ["setpriv", *_, "cat", path]:
                assert path.startswith("/proc/net/bonding/")
            case _:
                raise UnknownCommandError(words)
        return 0

    def _echo(self, text, path):
        # `echo +eth0 > file` may be glued together as in `echo 1 >file`; recordings never do.
        found = re.fullmatch(r"/sys/class/net/([^/]+)/bonding/(\w+)", path)
        if found is None:
            raise UnknownCommandError(path)
        newline = "\n"
        if text[:1] == ["-n"]:
            text, newline = text[1:], ""
        return self.write_sysfs(found[1], found[2], " ".join(text) + newline)

    # -- ip

    def _ip(self, words, namespace):
        match words:
            case ["link", "add", *rest]:
                return self._link_add(rest, namespace)
            case ["link", "set", "dev", name, *rest] | ["link", "set", name, *rest]:
                return self._link_set(name, rest, namespace)
            case ["link", ("del" | "delete"), name]:
                return self._link_del(name, namespace)
            case ["addr", "add", address, "dev", name, *_]:
                return self._addr_add(name, address, namespace)
            case _:
                raise UnknownCommandError(words)

    def _addr_add(self, name, address, namespace):
        device = self.namespaces[namespace].get(name)
        if isinstance(device, FarBridge):
            device.addresses.append(ip_interface(address).ip.packed)
        elif isinstance(device, SimulatedBond):
            give_address(device, address)
        return 0 if device else errno.ENODEV

    def _link_add(self, words, namespace):
        kind = words.index("type")
        name, *settings = words[:kind]
        address = None
        while settings:
            keyword, value, *settings = settings
            if keyword != "address":
                raise UnknownCommandError(words)
            address = value
        match words[kind + 1 :]:
            case ["veth", "peer", "name", peer, *rest]:
                self._add_veth(namespace, name, address, peer, rest)
            case ["dummy"]:
                self._add_interface(namespace, name, address)
            case ["bond", *options]:
                return self._add_bond(namespace, name, address, options)
            case ["bridge"]:
                self.namespaces[namespace][name] = self.bridges[name] = FarBridge(self.world, name)
            case _:
                raise UnknownCommandError(words)
        return 0

    def _add_interface(self, namespace, name, address, *, is_tap=False):
        mac = parse_mac(address) if address else None
        interface = self.world.interface(name, mac=mac, speed_mbps=None, duplex=None)
        interface.always_has_carrier = True
        interface.reports_link = is_tap
        if is_tap:
            interface.set_speed(TAP_SPEED_MBPS, Duplex.FULL)
        self.namespaces[namespace][name] = interface
        return interface

    def _add_veth(self, namespace, name, address, peer, rest):
        near = self.world.interface(name, mac=parse_mac(address) if address else None)
        far_namespace, far_address = namespace, None
        while rest:
            keyword, value, *rest = rest
            match keyword:
                case "address":
                    far_address = parse_mac(value)
                case "netns":
                    far_namespace = value
                case _:
                    raise UnknownCommandError(keyword)
        far = self.world.interface(peer, mac=far_address)
        self.world.connect(near, far)
        self.namespaces[namespace][name] = near
        self.namespaces[far_namespace][peer] = far

    def _add_bond(self, namespace, name, address, options):
        bond = SimulatedBond(self.world, name, mac=RANDOM_MAC, jiffy_ns=self.jiffy_ns)
        bond.bond.state.agenda = TimerWheel()
        give_routes(bond, lag_ns=self.route_lag_ns)
        if address:
            bond.give_mac(parse_mac(address))
        answer = self._set_options(bond, options)
        if answer == 0:
            self.namespaces[namespace][name] = self.bonds[name] = bond
        return answer

    def _link_del(self, name, namespace):
        device = self.namespaces[namespace].pop(name)
        if isinstance(device, SimulatedBond):
            for interface in list(device.interfaces.values()):
                device.release(interface)
            del self.bonds[name]
        elif isinstance(device.owner, SimulatedBond):
            device.owner.vanish(device)
        return 0

    def _link_set(self, name, words, namespace):
        device = self.namespaces[namespace].get(name)
        if device is None:
            return errno.ENODEV
        for keyword, arguments in settings(words):
            match keyword, arguments:
                case "type", [kind, *options]:
                    answer = self._set_typed(device, kind, options)
                case _, _:
                    answer = self._set_one(device, keyword, arguments)
            if answer:
                return answer
        return 0

    def _set_typed(self, device, kind, options):
        if kind == "bond":
            return self._set_options(device, options)
        assert kind == "bond_slave"
        owner = device.owner
        if not isinstance(owner, SimulatedBond):
            return errno.EINVAL
        for keyword, value in pairs(options):
            refusal = owner.write_port(device, keyword, value)
            if refusal is not None:
                return refusal.errno
        return 0

    def _set_one(self, device, keyword, arguments):
        match keyword, arguments:
            case (("up" | "down"), []):
                set_administratively(device, keyword == "up")
            case "master", [bond]:
                return self._set_master(device, bond)
            case "nomaster", []:
                return _errno(device.owner.release(device)) if device.owner else 0
            case "address", [text]:
                return set_address(device, parse_mac(text))
            case "mtu", [text]:
                return set_mtu(device, int(text))
            case "name", [text]:
                return self._rename(device, text)
            case _:
                raise UnknownCommandError((keyword, arguments))
        return 0

    def _set_master(self, device, name):
        if name in self.bridges:
            self.bridges[name].add_port(device)
            return 0
        master = self.bonds.get(name)
        if master is None:
            return errno.ENODEV
        if not isinstance(device, Interface):
            return errno.EPERM
        if device.owner is master:
            # rtnetlink does nothing when the interface already stands where it is wanted.
            return 0
        if isinstance(device.owner, SimulatedBond):
            device.owner.release(device)
        return _errno(master.enslave(device))

    def _rename(self, device, name):
        home = next(space for space in self.namespaces.values() if device in space.values())
        home[name] = home.pop(device.name)
        if not isinstance(device, Interface):
            self.bonds[name] = self.bonds.pop(device.name)
            device.name = device.bond.state.name = name
            return 0
        if isinstance(device.owner, SimulatedBond):
            device.owner.rename(device, name)
        device.name = name
        return 0

    # -- options

    def _set_options(self, bond, words):
        wanted = {}
        for keyword, value in pairs(words, WITHOUT_VALUE):
            wanted[WORDS_OF_IPROUTE2.get(keyword, keyword)] = value
        unknown = set(wanted) - set(NETLINK_ORDER)
        if unknown:
            raise UnknownCommandError(unknown)
        for option in sorted(wanted, key=NETLINK_ORDER.index):
            if conflicts(option, wanted):
                return errno.EINVAL
            answer = self._set_option(bond, option, wanted[option])
            if answer:
                return answer
        return 0

    def _set_option(self, bond, option, value):
        if option == "arp_ip_target":
            old = bond.bond.read_option(option).split()
            texts = [f"-{target}" for target in old] + [f"+{target}" for target in value.split(",")]
        elif option in ("active_slave", "primary") and value == "":
            texts = ["\n"]
        else:
            texts = [value]
        answer = next(filter(None, (_errno(bond.write(option, text)) for text in texts)), 0)
        if option == "mode" and bond.bond.mode.lacp is not None:
            bond.write("lacp_follows", self.follows)
        if option == "mode":
            bond.write("alb_follows", "linux")  # Refused, to no effect, in the other modes.
        return answer

    def write_sysfs(self, bond_name, file, text):
        """Write `text` into a bond's sysfs file; the answer is 0 or an errno."""
        if text == "":
            # The kernel never calls the driver for a write of no octets.
            return 0
        bond = self.bonds[bond_name]
        if file in READ_ONLY_FILES:
            return errno.EACCES
        if file == "slaves":
            return self._write_slaves(bond, text)
        if file == "active_slave":
            return self._write_active_slave(bond, text)
        return _errno(bond.write(file, text))

    def read_sysfs(self, bond_name, file):
        """What a bond's sysfs file reads; "" where the kernel shows an empty file."""
        bond = self.bonds[bond_name]
        match file:
            case "slaves":
                text = " ".join(port.name for port in bond.bond.state.ports)
            case "mii_status":
                text = "up" if bond.has_carrier else "down"
            case _:
                text = bond.bond.read_option(file)
        return f"{text}\n" if text else ""

    def read_port_sysfs(self, bond_name, port):
        """The files of a port's bonding_slave/."""
        lacp = lacp_port_texts(port, self.bonds[bond_name].bond.mode)
        return {
            "state": f"{'backup' if port.is_backup else 'active'}\n",
            "mii_status": f"{port.link.text}\n",
            "link_failure_count": f"{port.link_failure_count}\n",
            "perm_hwaddr": f"{port.permanent_mac.hex(':')}\n",
            "queue_id": f"{port.queue_id}\n",
            **{file: f"{text}\n" for file, text in lacp.items()},
        }

    def _write_slaves(self, bond, text):
        command = text.split()[0][:MAX_COMMAND_OCTETS] if text.split() else ""
        sign, name = command[:1], command[1:]
        if sign not in ("+", "-") or not name:
            return errno.EPERM
        device = self.namespaces[""].get(name)
        if device is None:
            return errno.ENODEV
        if not isinstance(device, Interface):
            return errno.EPERM if sign == "+" else errno.EINVAL
        return _errno(bond.enslave(device) if sign == "+" else bond.release(device))

    def _write_active_slave(self, bond, text):
        answer = _errno(bond.write("active_slave", text))
        name = next(iter(text.split("\n")[0].split()), "")
        # A bond knows its ports only. Whether another interface exists is for the machine to say.
        if answer == errno.EINVAL and name not in self.namespaces[""]:
            return errno.ENODEV
        return answer


def set_administratively(device, is_up):
    if isinstance(device, Interface):
        device.set_up(is_up)
    elif is_up:
        device.opened_ns = device.world.now
        device.open()
    else:
        device.close()


def set_address(device, mac):
    if not isinstance(device, Interface):
        return _errno(device.give_mac(mac))
    device.mac = mac
    return 0


def set_mtu(device, mtu):
    if not isinstance(device, Interface):
        return _errno(device.give_mtu(mtu))
    device.mtu = mtu
    return 0


def _errno(refusal):
    return 0 if refusal is None else refusal.errno
