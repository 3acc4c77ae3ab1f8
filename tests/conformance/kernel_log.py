"""What did the kernel log say, and do our reports say the same? Compared by kind, not by word.

The kernel polls, so it sees two cables that are cut within one poll together and elects once.
A bond here hears of each at once and may elect in between. So the order of what happened to one
port must be the same, and the log's elections must all be among ours, in order, with the same end.
"""

import re

KINDS = (
    ("new active, early", r"making interface the new active one \d+ ms earlier"),
    ("new active", r"making interface the new active one"),
    ("definitely down", r"link status definitely down"),
    ("definitely up", r"link status definitely up, (\d+ Mbps (?:full|half)) duplex"),
    ("up by ARP", r"link status definitely up$"),
    ("now up", r"interface is now up"),
    ("backup now down", r"backup interface is now down"),
    ("now down", r"interface is now down"),
    ("going down", r"link status down for (?:the )?(\w* ?interface), disabling it in (\d+) ms"),
    ("going back", r"link status up, enabling it in (\d+) ms"),
    ("up again", r"link status up again after \d+ ms"),
    ("down again", r"link status down again after \d+ ms"),
    (
        "joined",
        r"(?i:enslav(?:ing|ed)) as (an? (?:active|backup)) interface with (an? (?:up|down))",
    ),
    ("left", r"Releasing (backup|active) interface|released, it was an? (backup|active)"),
    ("carrier gained", r"active interface up"),
    ("carrier lost", r"now running without any active interface"),
)
"""Kinds of lines that both write; groups are values that must agree. First match wins.

How many polls had passed when a cable moved again is no such value: it hangs on the milliseconds
that a command took on the recorded machine.
"""


def kind_of(port, text):
    """(port, kind, values) of a line; None for a line of another kind."""
    for kind, pattern in KINDS:
        found = re.search(pattern, text)
        if found:
            return port, kind, tuple(filter(None, found.groups()))
    return None


def recorded_story(kernel_log, bond):
    """The lines of one bond in a recorded kernel log, by kind, in order."""
    story, names = [], names_of(kernel_log, bond)
    for line in kernel_log:
        found = re.match(rf"(?:{names}): (?:\(slave ([^)]*)\): )?(.*)", line["msg"])
        if found:
            story.append(kind_of(found[1] or "", found[2]))
    return [entry for entry in story if entry]


def names_of(kernel_log, bond):
    """What the bond was called in the course of time, as a pattern."""
    names = [bond]
    for line in reversed(kernel_log):
        renamed = re.fullmatch(r"(\S+): renamed from (\S+)", line["msg"])
        if renamed and renamed[1] == names[-1]:
            names.append(renamed[2])
    return "|".join(re.escape(name) for name in names)


def when_done(kernel_log, command):
    """At which microseconds did the log tell that this command had its effect?"""
    joined = re.fullmatch(r"ip (?:-n \S+ )?link set (\S+) master (\S+)", command)
    opened = re.fullmatch(r"ip (?:-n \S+ )?link set (\S+) up", command)
    if joined:
        pattern = rf"{re.escape(joined[2])}: \(slave {re.escape(joined[1])}\): Enslaving as .*"
    elif opened:
        pattern = rf"8021q: adding VLAN 0 to HW filter on device {re.escape(opened[1])}"
    else:
        return []
    return [line["t_us"] for line in kernel_log if re.fullmatch(pattern, line["msg"])]


def told_story(reports):
    """Our reports, by kind, in order."""
    return [entry for _, report in reports if (entry := kind_of(report.port, report.text))]


def by_port(story):
    """What happened to each port, in order; elections and the bond's carrier left out."""
    links = [(port, kind, values) for port, kind, values in story if kind not in ELECTIONS]
    return {port: [entry for entry in links if entry[0] == port] for port, _, _ in links}


def elections(story):
    """Who became active, and when the bond gained or lost its carrier by that."""
    return [entry for entry in story if entry[1] in ELECTIONS]


def is_retold(recorded, told):
    """Are all the recorded entries told, in order, with the same end?"""
    rest = iter(told)
    return all(entry in rest for entry in recorded) and recorded[-1:] == told[-1:]


ELECTIONS = {"new active", "new active, early", "carrier gained", "carrier lost"}
