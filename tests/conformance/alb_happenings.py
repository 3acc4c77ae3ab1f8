"""What was done to the bond of a recording, and when did it have an effect?

Commands were noted when they began and took some hundredths of a second. What the bond taught the
switch between its periodic rounds tells the moment; else it is supposed.
"""

from alb_ticks import chain
from iproute2_words import parse_mac, plain_commands

from pybondd.events import BondClosed, BondMacChanged, BondOpened, OptionWritten

COMMAND_S = 0.3
"""A command takes effect within this time; what the bond sends then tells when."""
LOG_S = 0.02
"""The log's times are so rough."""


class Happenings:
    """What happened to the bond of one recording, besides frames."""

    def __init__(self, recording):
        self._recording = recording

    def are_in(self, event):
        """Did the bond or its cables have anything of it, or was it somebody else's doing?"""
        parts = plain_commands(event["cmd"])
        return any(self._understood(event["t"], words, is_refused=False) for words in parts)

    def in_turn(self):
        """(time, name of an action, value): what was done, and what the monitor found."""
        found = []
        for event in self._recording.events:
            is_refused = event.get("rc", 0) != 0
            for words in plain_commands(event["cmd"]):
                found += self._understood(event["t"], words, is_refused=is_refused)
        for line in self._recording.log:
            if line["t"] > 0 and "link status definitely" in line["msg"]:
                at_s = self._told_at(line["t"] - LOG_S, 2 * LOG_S, line["t"])
                found.append((at_s, "commit_one", line["msg"]))
        return found

    def _told_at(self, from_s, within_s, otherwise_s):
        """When the bond taught something between its periodic rounds."""
        rounds = [at for at, _ in chain(self._recording)]
        for frame in self._recording.sent:
            is_own = frame.is_learning and all(abs(frame.at_s - at) > 0.006 for at in rounds)
            if is_own and from_s <= frame.at_s <= from_s + within_s:
                return frame.at_s - 0.0002
        return otherwise_s

    def _first_from(self, mac, at_s, otherwise_s):
        """When the first frame left with this source address, soon after a command."""
        sent = (each.at_s for each in self._recording.sent if each.octets[6:12] == mac)
        at = next((each for each in sent if at_s < each <= otherwise_s), otherwise_s)
        return min(at - 0.001, otherwise_s)

    def _carrier_changed_at(self, at_s, name, has_carrier):
        """After the command and before the monitor saw it; what the port sent tells the rest."""
        found = (
            line["t"] for line in self._recording.log if f"{name}): link status" in line["msg"]
        )
        until_s = next((t for t in found if t > at_s), at_s + COMMAND_S)
        sent = [each.at_s for each in self._recording.sent if each.interface == name]
        meanwhile = [each for each in sent if at_s < each <= until_s]
        if has_carrier:
            return min([until_s, *meanwhile]) - 0.001
        return max([at_s + 0.02, *meanwhile]) + 0.001

    def _understood(self, at_s, words, *, is_refused):
        """What a command does to the bond, and when it did."""
        effective = self._told_at(at_s, COMMAND_S, at_s + 0.06)
        peers, members = self._recording.port_of_peer, self._recording.members
        vlans = {name for name, _ in self._recording.vlans}
        match words:
            case ["ip", "-n", _, "link", "set", peer, ("up" | "down") as way]:
                if peer not in peers:
                    return []
                at_s = self._carrier_changed_at(at_s, peers[peer], way == "up")
                return [(at_s, "carrier", (peers[peer], way == "up"))]
            case ["both", "carriers", ("on" | "off") as way]:
                return [(at_s, "carrier", (n, way == "on")) for n in self._recording.ports]
            case ["ip", "link", "set", name, ("up" | "down") as way] if name in members:
                return [(at_s, "carrier", (name, way == "up"))]
            case ["ip", "link", "set", "bond0", "type", "bond", *rest]:
                pairs = zip(rest[::2], rest[1::2], strict=False)
                return [(at_s, "handle", OptionWritten(name, text)) for name, text in pairs]
            case ["carrier", name, ("on" | "off") as way] if name in members:
                return [(at_s, "carrier", (name, way == "on"))]
            case ["ethtool", "-s", name, "speed", speed, *_] if name in members:
                return [(at_s, "speed", (name, int(speed)))]
            case ["ip", "link", "set", name, "nomaster"]:
                return [(effective, "leave", name)]
            case ["ip", "link", "set", name, "master", "bond0"]:
                return [(effective, "join_again", (name, is_refused))]
            case ["ip", "link", "set", name, "address", mac] if name in members:
                return [(at_s, "give_mac", (name, parse_mac(mac)))]
            case ["ip", "link", "set", "bond0", "address", mac]:
                mac = parse_mac(mac)
                return [(self._first_from(mac, at_s, effective), "handle", BondMacChanged(mac))]
            case ["ip", "link", "set", "bond0", ("up" | "down") as way]:
                event = BondOpened() if way == "up" else BondClosed()
                return [(at_s + 0.05, "handle", event)]
            case ["ip", "link", "set", name, "address", mac] if name in vlans:
                return [(at_s, "vlan_mac", (name, parse_mac(mac)))]
            case ["ip", "link", ("del" | "delete"), name]:
                return [(at_s + 0.05, "vlan_gone", name)]
            case ["ip", "link", "add", "link", "bond0", "name", name, *_, "id", number]:
                return [(at_s + 0.05, "vlan_made", (name, int(number)))]
            case ["ip", "link", "add", name, "address", mac, *_] if name in members:
                return [(at_s, "give_mac", (name, parse_mac(mac)))]
            case ["echo", change, ">", path] if path.endswith("/bonding/slaves"):
                name = change[1:]
                return [
                    (effective, "join_again", (name, is_refused))
                    if change[0] == "+"
                    else (effective, "leave", name)
                ]
            case ["echo", value, ">", path]:
                option = path.rsplit("/", 1)[1]
                return [(at_s, "handle", OptionWritten(option, value))]
        # What is not known here is what a host or a client did: the bond saw frames of it. Were it
        # more than that, what the bond sends would not match.
        return []
