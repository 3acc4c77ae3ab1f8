"""Which kernel option does a word of the command line mean?"""

from pybondd.cli.errors import unknown_option
from pybondd.daemon.refusal import CommandRefusedError
from pybondd.options import OPTIONS

READ_ONLY = ("slaves", "mii_status")
"""Files of sysfs that can be read like options."""


def option_name(word: str, bond: str) -> str:
    """The kernel's name; dashes count as underscores. Raises CommandRefusedError."""
    name = word.strip().replace("-", "_")
    if name not in OPTIONS and name not in READ_ONLY:
        raise CommandRefusedError(unknown_option(word, bond, OPTIONS))
    return name
