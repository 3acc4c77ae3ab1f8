"""Where do the bond's reports go when nobody watches?"""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pybondd.daemon.recorder import Entry
from pybondd.effects import Report, Severity

MAX_FILE_SIZE_OCTETS = 256 * 1024
"""Two files of this size, about 5000 lines, lie on a small file system in memory."""

LEVELS = {
    Severity.DEBUG: logging.DEBUG,
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
}


class LogFile:
    """The log of one bond, in the words of the kernel's: `bond0: (slave eth0): text`."""

    def __init__(self, path: Path, bond: str) -> None:
        """Append to the file; a full disk loses lines, never the bond."""
        self._bond = bond
        self._handler = RotatingFileHandler(path, maxBytes=MAX_FILE_SIZE_OCTETS, backupCount=1)
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._logger = logging.Logger(bond, logging.INFO)
        self._logger.addHandler(self._handler)

    def adopt_libraries(self) -> None:
        """Write down, too, what asyncio and aiohttp complain of: bugs end there."""
        root = logging.getLogger()
        root.addHandler(self._handler)
        root.setLevel(logging.WARNING)

    def write(self, entry: Entry) -> None:
        """Write what an entry of the event log reports, without what is for study (DEBUG)."""
        for report in entry.reports:
            self._logger.log(LEVELS[report.severity], "%s", report_text(self._bond, report))

    def error(self, text: str, failure: BaseException | None = None) -> None:
        """Write what went wrong in the daemon itself."""
        self._logger.error("%s: %s", self._bond, text, exc_info=failure)

    def close(self) -> None:
        """Close the file."""
        logging.getLogger().removeHandler(self._handler)
        self._handler.close()


def report_text(bond: str, report: Report) -> str:
    """One line as the kernel's log would have it."""
    subject = f"(slave {report.port}): " if report.port else ""
    return f"{bond}: {subject}{report.text}"
