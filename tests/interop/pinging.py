"""What `ping` counted."""

import re
import signal
import subprocess


class Pinged:
    """Sent, received, duplicates."""

    def __init__(self, text):
        counts = re.search(r"(\d+) packets transmitted, (\d+) received", text)
        duplicates = re.search(r"\+(\d+) duplicates", text)
        self.sent, self.received = (int(count) for count in counts.groups())
        self.duplicates = int(duplicates[1]) if duplicates else 0

    def __repr__(self):
        return f"{self.received} of {self.sent}, {self.duplicates} duplicates"


def ping(namespace, address, *, count=200, interval_s=0.01):
    """Run `ping` to its end, which is a second after the last request at the latest."""
    words = ("-q", "-c", str(count), "-i", str(interval_s), "-W", "1", address)
    return Pinged(namespace.run("ping", *words, check=False, timeout=60))


class Pinging:
    """A ping that runs while something happens: `with Pinging(...) as ping: ...; ping.lost`."""

    def __init__(self, namespace, address, *, interval_s=0.01):
        words = ("ping", "-q", "-n", "-i", str(interval_s), "-W", "1", address)
        self._process = namespace.start(*words, stdout=subprocess.PIPE, text=True)
        self.lost = self.outage_s = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        text, _ = self._process.communicate(timeout=10)
        counted = Pinged(text)
        taken_s = int(re.search(r"time (\d+)ms", text)[1]) / 1000
        self.lost = counted.sent - counted.received
        self.outage_s = self.lost * taken_s / counted.sent
