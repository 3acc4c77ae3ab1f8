"""Everything that touches the running Linux kernel: devices, sockets, netlink, the journal."""
