"""What would Linux's debugfs file rlb_hash_table say of the clients of balance-alb? Byte for byte.

Linux has the file only where the kernel has debugfs and no network namespaces; so here it is a
view. Source: Linux 6.12 bond_debugfs.c bond_debug_rlb_hash_show.
"""

from pybondd.status.alb_shapes import ClientJson, ReceiveJson

HEAD = "SourceIP        DestinationIP   Destination MAC   DEV"


def rlb_hash_table(receive: ReceiveJson) -> str:
    """The whole file; a client without a port has `(none)`."""
    rows = (_row(client) for client in receive["clients"])
    return "".join(f"{line}\n" for line in (HEAD, *rows))


def _row(client: ClientJson) -> str:
    port = client["port"] or "(none)"
    return f"{client['our_ip']:<15} {client['ip']:<15} {client['mac']:<17} {port}"
