"""Which words does `ip` print when the kernel refuses something about a bond?

Source: recordings of the real driver (tests/conformance/data/sysfs-netlink-errors.json), and Linux
6.12 bond_options.c bond_opt_error_interpret.
"""

import errno

from pybondd.iproute.writes import KernelRefusal

EXIT_CODE = 2
"""`ip` ends so when the kernel has refused."""

_OF_OPTIONS = {
    errno.EINVAL: "invalid option value",
    errno.EACCES: "option not supported in mode",
    errno.ENOTEMPTY: "unable to set option because the bond device has slaves",
    errno.EBUSY: "unable to set option because the bond is up",
    errno.ENODEV: "interface does not exist",
}


def option_refusal(code: int) -> KernelRefusal:
    """The driver refuses an option of a bond with this errno."""
    return KernelRefusal(code, _OF_OPTIONS.get(code, ""))


WHILE_UP = KernelRefusal(errno.EPERM, "Device can not be enslaved while up")
ITSELF = KernelRefusal(errno.EPERM, "Cannot enslave bond to itself")
FIXED_NAMESPACE = KernelRefusal(errno.EINVAL)
EXISTS = KernelRefusal(errno.EEXIST)
