"""balance-tlb and balance-alb: the same story as with the real driver's bond, told by all in it.

Each story is played with the kernel's bond and with ours, which is told to follow Linux in all, on
equal networks at the same time: a bridge as the switch, and three clients.
"""

import dataclasses
import itertools

import pytest

pytestmark = [
    pytest.mark.root,
    pytest.mark.uml,
    pytest.mark.xdist_group("uml"),
    pytest.mark.timeout(420),
]

AT_ONCE_COUNT = 40
LIMIT_S = 400
KINDS = ("kernel", "pybondd")
ASPECTS = {
    "the same is told of MACs by the same ports in the same order": "told",
    "the same packets leave by the same ports": "sent",
    "the same frames come to the same ports": "heard",
    "all stations know the same MACs of each other": "neighbours",
    "the switch knows the same MACs behind the same ports": "switch",
    "bond and ports have the same MACs": "macs",
    "the same ports hear more than their own": "hears all",
    "the same is answered, leaves and is let in": "results",
    "the status file says the same": "status",
}
TLB, ALB = {"mode": "balance-tlb"}, {"mode": "balance-alb"}
# By hash and not by load, so that it is not the moment which decides where an answer leaves.
BY_HASH = {"tlb_dynamic_lb": 0}
EVERY_SECOND = {"lp_interval": 1}
# Nobody is told anything sooner than two seconds after the host has asked: all together.
MET = ["up", "host pings c1;c2 pings host;c3 pings host"]
ALL_PING = "c1 pings host;c2 pings host;c3 pings host"
CUT, RELEASED = "the active port's cable cut and repaired", "the active port released and added"
NO_CABLE = "two ports, no cable, and one after the other"
ONE_EACH = "sends 1 1 1 1 1 1"
# The loads differ by so much that no single frame decides, and the largest do not come first.
LOADS, OTHER_LOADS = "sends 8 64 2 32 4 16", "sends 16 1 48 2 6 70"
# A link that comes up makes the bond share out all load anew at once, and not some time later.
REBALANCE = "cut 2;await eth2 down;mend 2;await eth2 up"
LOADED = ";".join([REBALANCE, LOADS, REBALANCE, ONE_EACH, OTHER_LOADS, REBALANCE, ONE_EACH])


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """What happens to a bond with these options."""

    options: dict[str, object]
    happenings: list[str]
    port_count: int = 3

    def told_to(self, kind: str, **more: object) -> list[object]:
        """As the guest wants it, with more options."""
        story = dataclasses.replace(self, options=self.options | more)
        return ["uml_alb.tell", {"kind": kind, **dataclasses.asdict(story)}]


STORIES = {
    "clients ask and are asked": Story(
        ALB | BY_HASH,
        [
            "up",
            "c1 pings host",
            "c2 pings host;c3 pings host",
            "c2 asks host",
            "host pings c1",
            "host probes c3",
            "host asks c2",
        ],
    ),
    "the cable of a port that is not active cut and repaired": Story(
        ALB | BY_HASH, [*MET, "cut 1", ALL_PING, "mend 1"]
    ),
    CUT: Story(ALB | BY_HASH, [*MET, "cut 0", ALL_PING, "mend 0", ALL_PING]),
    RELEASED: Story(ALB | BY_HASH, [*MET, "remove eth0", ALL_PING, "add eth0"]),
    "a port with another's address released and added": Story(
        ALB | BY_HASH, [*MET, "write active_slave eth1", "remove eth1", "add eth1"]
    ),
    "a client claims the host's address": Story(
        ALB | BY_HASH, [*MET, "c3 claims host", "cut 1", "host pings c2"]
    ),
    "the bond's address changed": Story(
        ALB | BY_HASH,
        [
            *MET,
            "ip link set bond0 address 02:00:00:00:00:77",
            ALL_PING,
            "ip link set bond0 address 02:00:00:00:00:12",
        ],
    ),
    "a VLAN on the bond": Story(
        ALB | BY_HASH,
        [
            "up;vlan 10",
            "c1 pings host 10",
            "c2 pings host;c2 pings host 10;c3 pings host 10",
            "cut 0",
            "ip link del bond0.10",
            "mend 0",
        ],
    ),
    "the bond in a bridge": Story(
        ALB | BY_HASH,
        [
            "up;bridge",
            "c1 pings host;c2 pings vm;vm pings c3;host pings c2",
            "cut 0",
            "c1 pings host;c2 pings vm",
            "ip link set brh address 02:00:00:00:00:10",
            "c1 asks host",
        ],
        port_count=2,
    ),
    NO_CABLE: Story(ALB | BY_HASH, [*MET, "cut 1", "cut 0", "mend 1", "mend 0"], port_count=2),
    "closed and opened": Story(
        ALB | BY_HASH,
        [
            *MET,
            "ip link set bond0 down",
            "ip link set bond0 up",
            "c1 pings host;c3 pings host",
            "cut 1",
        ],
    ),
    "balance-tlb": Story(
        TLB,
        [
            "up",
            "c1 pings host;c2 pings host",
            "cut 0",
            "mend 0",
            "write active_slave eth0",
            "remove eth0",
            "add eth0",
            "ip link set bond0 address 02:00:00:00:00:77",
        ],
    ),
    "loads, balance-tlb": Story(TLB, ["up", f"{LOADED};cut 0;await eth0 down;{ONE_EACH}"]),
    "loads, balance-alb": Story(ALB, ["up", f"{LOADED};cut 0;await eth0 down;{ONE_EACH}"]),
    "by hash, balance-tlb": Story(
        TLB | BY_HASH,
        [
            f"up;await eth2 up;{ONE_EACH};let-in;peculiar",
            f"write xmit_hash_policy layer2+3;{ONE_EACH}",
            f"cut 0;await eth0 down;{ONE_EACH};let-in",
            f"mend 0;await eth0 up;{ONE_EACH};let-in",
        ],
    ),
    "by hash, balance-alb": Story(
        ALB | BY_HASH,
        [
            f"up;await eth2 up;{ONE_EACH};let-in;peculiar",
            f"write xmit_hash_policy layer3+4;{ONE_EACH}",
            f"cut 0;await eth0 down;{ONE_EACH};let-in",
            "write all_slaves_active 1;let-in",
        ],
    ),
    "learning frames, balance-tlb": Story(
        TLB | EVERY_SECOND, ["up;bursts;cut 0;await eth0 down;bursts"]
    ),
    "learning frames, balance-alb": Story(
        ALB | EVERY_SECOND,
        ["up;vlan 10;bursts;cut 1;await eth1 down;bursts;mend 1;cut 0;await eth0 down;bursts"],
    ),
}


@pytest.fixture(scope="module")
def told(guest):
    """What each story led to, by kind of bond."""
    acts = {
        f"{name} {kind}": story.told_to(kind) for name, story in STORIES.items() for kind in KINDS
    }
    acts["mended"] = STORIES[RELEASED].told_to("pybondd", alb_follows="mended")
    return guest.call("uml_lacp.play", timeout_s=LIMIT_S, acts=acts, at_once_count=AT_ONCE_COUNT)


# With a VLAN on the bond ours lets the active port hear all: linux/addresses.py wants_promiscuous.
HEARS_ALL_WITH_A_VLAN = ("a VLAN on the bond", "learning frames, balance-alb")
CASES = {
    f"{name}: {words}": (name, aspect)
    for name in STORIES
    for words, aspect in ASPECTS.items()
    if not (aspect == "hears all" and name in HEARS_ALL_WITH_A_VLAN)
    and not (aspect == "switch" and name == NO_CABLE)
}


@pytest.mark.parametrize(("name", "aspect"), CASES.values(), ids=CASES)
def test_the_story_is_the_same_as_with_the_kernels_bond(told, name, aspect):
    kernel, ours = (of_all(told[f"{name} {kind}"], aspect) for kind in KINDS)
    if name == NO_CABLE and aspect == "told":
        kernel, ours = without_learning(kernel), without_learning(ours)
    assert ours == kernel


def without_learning(told_at):
    """Without what is taught at once by the first port whose cable is back.

    That leaves only if Linux has woken the queue of the port by then, which it does some time
    after the carrier is there: chance, with either bond. So is what the switch learns of it.
    """
    return {
        happening: [line for line in lines if not line.endswith("learning")]
        for happening, lines in told_at.items()
    }


def test_clients_hear_of_a_failure_in_as_many_rounds_as_far_apart_as_with_the_kernel(told):
    kernels, ours = (
        waits_s(of_all(told[f"{CUT} {kind}"], "told at s")["3: cut 0"]) for kind in KINDS
    )
    # A tick is 110 ms in the guest's kernel, at 100 Hz, and 100 ms in ours; a busy guest is late.
    assert len(ours) == len(kernels) == 4
    assert min(ours) > 1.8
    assert max(ours) < 1.5 * max(kernels)


def waits_s(moments_s):
    """How long it was quiet between what was told at once, if that was more than a second."""
    waits_s = [later - sooner for sooner, later in itertools.pairwise(moments_s)]
    return [wait_s for wait_s in waits_s if wait_s > 1]


def test_a_client_whose_port_took_the_bonds_address_is_told_by_us_and_not_by_the_kernel(told):
    happening = f"4: {ALL_PING}"
    answered = {
        name: of_all(told[name], "results")[happening] for name in (f"{RELEASED} kernel", "mended")
    }
    assert answered == {f"{RELEASED} kernel": [True, False, True], "mended": [True, True, True]}


def of_all(happenings, aspect):
    assert "failed" not in happenings, happenings["failed"]
    return {happening: outcome[aspect] for happening, outcome in happenings.items()}
