"""What `ping` counted."""

import re


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
