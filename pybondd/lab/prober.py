"""Probe process: what gets lost, and when? Sends numbered datagrams to echo hosts.

    python -m pybondd.lab.prober '{"targets": ..., "count": 3000, ...}'

prints the instant of its first probe, which is just about to leave, and at the end what it saw as
JSON. It ends by itself, or earlier when its stdin closes.
The beat is absolute: probe n is due at start + n * interval, however late the one before it was,
so the rate does not drift. A process of its own, so that nothing else of the lab holds it up.
"""

import json
import select
import socket
import sys
import time
from dataclasses import asdict, dataclass
from typing import TextIO

from pybondd.lab.probe_format import (
    ECHO_PORT,
    FIRST_FLOW_PORT,
    PAYLOAD,
    give_room,
    payload_of,
    sequence_in,
)
from pybondd.units import MILLISECOND_NS, SECOND_NS, Duration, Instant

LINGER_NS: Duration = 300 * MILLISECOND_NS
"""How long after the last probe an answer is waited for; a hundred times the usual round trip."""
START_DELAY_NS: Duration = 5 * MILLISECOND_NS
"""From the announcement of the first probe to the probe: time to print it."""
AT_ONCE_MAX = 32
"""Probes sent before answers are looked for again. After a pause of the whole machine the beat has
to be caught up; more at once would overflow the receive buffer, some 270 datagrams by default, and
look like a loss of the bond."""
COUNT_MAX = 20_000
"""Probes of one run: bounds the run to 20 s at 1000 a second, and the memory to a few MB."""


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """When and how to probe. `burst` probes leave at once, every `burst * interval_ns`.

    `targets` are by flow. `turns` says to which flow each probe belongs, over and over.
    """

    source: str
    targets: tuple[str, ...]
    turns: tuple[int, ...]
    count: int
    interval_ns: Duration
    burst: int = 1

    def flow_of(self, sequence: int) -> int:
        """The flow that this probe belongs to."""
        return self.turns[sequence % len(self.turns)]

    def due_ns(self, sequence: int) -> Duration:
        """When this probe is to leave, counted from the first one."""
        return sequence // self.burst * self.burst * self.interval_ns

    def json(self) -> str:
        """As the process takes it."""
        return json.dumps(asdict(self))


class Prober:
    """Sends and listens in one thread; keeps the instants of both."""

    def __init__(self, plan: ProbePlan) -> None:
        assert plan.count <= COUNT_MAX
        self.plan = plan
        self.start_ns: Instant = 0
        self._count = plan.count
        self.sent_ns: list[Instant] = []
        self.answers: list[tuple[int, Instant]] = []
        self._answered: set[int] = set()
        self._heard_since_sent: set[int] = set()
        self._sockets = [self._flow_socket(flow) for flow in range(len(plan.targets))]
        self._ears: list[socket.socket | TextIO] = [*self._sockets, sys.stdin]

    def run(self) -> None:
        """Probe until stdin closes or all is sent; then wait for answers, LINGER_NS at most."""
        self.start_ns = time.monotonic_ns() + START_DELAY_NS
        print(self.start_ns, flush=True)
        while (now := time.monotonic_ns()) < self._end_ns:
            self._send_due(now)
            if len(self._answered) == self._count:
                return
            self._listen_until(self._next_due_ns)

    def _send_due(self, now: Instant) -> None:
        for _ in range(AT_ONCE_MAX):
            if len(self.sent_ns) == self._count or self._next_due_ns > now:
                return
            sequence = len(self.sent_ns)
            flow = self.plan.flow_of(sequence)
            self.sent_ns.append(time.monotonic_ns())
            try:
                self._sockets[flow].send(payload_of(flow, sequence), self._confirmation(flow))
            except OSError:
                continue  # a probe that the host would not even send is a lost one

    def _confirmation(self, flow: int) -> int:
        """Tell the kernel that this far host answers, as TCP does: so it need not ask by ARP.

        Asking would make every client of balance-alb send to the active port for two seconds.
        """
        if flow not in self._heard_since_sent:
            return 0
        self._heard_since_sent.remove(flow)
        return socket.MSG_CONFIRM

    @property
    def _next_due_ns(self) -> Instant:
        if len(self.sent_ns) < self._count:
            return self.start_ns + self.plan.due_ns(len(self.sent_ns))
        return self._end_ns

    @property
    def _end_ns(self) -> Instant:
        return self.start_ns + self.plan.due_ns(self._count - 1) + LINGER_NS

    def _listen_until(self, due_ns: Instant) -> None:
        wait_s = max(0, due_ns - time.monotonic_ns()) / SECOND_NS
        readable, _, _ = select.select(self._ears, (), (), wait_s)
        for ready in readable:
            if isinstance(ready, socket.socket):
                self._receive(ready)
            else:
                self._ears.remove(ready)
                self._count = len(self.sent_ns)

    def _receive(self, ready: socket.socket) -> None:
        try:
            payload = ready.recv(PAYLOAD.size + 1)
        except OSError:
            return  # an ICMP error arrived instead: the probe stays lost
        now = time.monotonic_ns()
        sequence = sequence_in(payload)
        if sequence is not None:
            self._answered.add(sequence)
            self._heard_since_sent.add(self.plan.flow_of(sequence))
            self.answers.append((sequence, now))

    def _flow_socket(self, flow: int) -> socket.socket:
        probe_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        give_room(probe_socket)
        probe_socket.bind((self.plan.source, FIRST_FLOW_PORT + flow))
        probe_socket.connect((self.plan.targets[flow], ECHO_PORT))
        probe_socket.setblocking(False)
        return probe_socket


def main() -> None:
    """Run the plan given as argument; print what was seen."""
    prober = Prober(ProbePlan(**json.loads(sys.argv[1])))
    prober.run()
    json.dump([prober.sent_ns, prober.answers], sys.stdout)


if __name__ == "__main__":
    main()
