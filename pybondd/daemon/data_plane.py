"""Who moves the frames, and does it still?"""

import sys
import threading
from collections.abc import Callable

from pybondd.daemon.precedence import data_goes_second
from pybondd.linux.pump import Pumps


class DataPlane:
    """A pump in a thread of its own. `ended` is called, in that thread, if it stops by itself."""

    def __init__(
        self, pump: Pumps, name: str, ended: Callable[[BaseException | None], None]
    ) -> None:
        """Not running yet."""
        self.pump = pump
        self._ended = ended
        self._is_wanted = True
        self._thread = threading.Thread(target=self._run, name=f"pump-{name}", daemon=True)

    def start(self) -> None:
        """Begin to move frames."""
        self._thread.start()

    def stop(self) -> None:
        """Move no more frames; returns when the thread has ended."""
        self._is_wanted = False
        self.pump.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def close(self) -> None:
        """Give up what the pump has opened; after stop(), when no port is attached any more."""
        self.pump.close()

    def _run(self) -> None:
        data_goes_second()
        try:
            self.pump.run()
        finally:
            if self._is_wanted:
                self._ended(sys.exception())
