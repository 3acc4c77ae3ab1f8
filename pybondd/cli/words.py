"""Which kernel option does a word of the command line mean?"""

from pybondd.cli.errors import unknown_option
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.options import ALIASES, OPTIONS
from pybondd.status.lacp_files import LACP_FILES, LACP_PORT_FILES

READ_ONLY = ("slaves", "mii_status", *LACP_FILES, *LACP_PORT_FILES)
"""Files of sysfs that can be read like options."""


def option_name(word: str, bond: str) -> str:
    """The kernel's name; dashes count as underscores, iproute2's names as sysfs's.

    Raises CommandRefusedError.
    """
    plain = word.strip().replace("-", "_")
    name = ALIASES.get(plain, plain)
    if name not in OPTIONS and name not in READ_ONLY:
        raise CommandRefusedError(unknown_option(word, bond, OPTIONS))
    return name
