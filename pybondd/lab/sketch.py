"""Which cables lie where? The same as topology.py, for the reader's eye."""

from collections.abc import Sequence

from pybondd.lab.topology import FAR_ADDRESS

CABLE = " ──cable─────── "
FAR_CABLE = " ────────────── "


def behind_a_switch_lines(ports: Sequence[str], addresses: Sequence[str]) -> list[str]:
    """Ports here, the switch, and its hosts, the last of them on the last line."""
    count = max(len(ports), len(addresses))
    lines = ["here                switch           " + ("hosts" if addresses[1:] else "server")]
    for row in range(count):
        near = f"{ports[row]}{CABLE}" if row < len(ports) else " " * len(f"eth0{CABLE}")
        switch = "┐" if row == 0 else "┴" if row == count - 1 else "┤"
        host = row - count + len(addresses)
        lines.append(near + switch + (f"{FAR_CABLE}{addresses[host]}" if host >= 0 else ""))
    return lines


def bond_to_bond_lines(ports: Sequence[str], *, liar: str) -> list[str]:
    """Each port and what is at the other end of its cable."""
    ends = {port: "a partner that lies" if port == liar else port for port in ports}
    lines = [f"{port}{CABLE}{end}" for port, end in ends.items()]
    return [f"bond0 here          bond0 far       {FAR_ADDRESS}", *lines]
