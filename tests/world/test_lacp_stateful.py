"""LACP systems under hypothesis: short histories, made shorter when one breaks a rule."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lacp_agreement import assert_traffic_passes, bound_ms, wait_for_agreement
from lacp_saboteur import CLOSED_WRITES, LIVE_WRITES, Saboteur
from lacp_scenes import lacp_scene

SIZES = st.sampled_from([(1, 1), (2, 2), (3, 2), (2, 1, 1)])
PLACES = st.integers(0, 3)
FOLLOWS = st.sampled_from(["mended", "linux", "linux-6.1"])


class LacpSystems(RuleBasedStateMachine):
    """The deeds of the saboteur, but chosen by hypothesis; who suffers is chosen too."""

    @initialize(sizes=SIZES, follows=FOLLOWS, coupled=st.sampled_from("01"))
    def begin(self, sizes, follows, coupled):
        options = (
            ("miimon", "100"),
            ("lacp_rate", "fast"),
            ("lacp_follows", follows),
            ("coupled_control", coupled),
        )
        self.scene = lacp_scene(*sizes, options=options)
        self.saboteur = Saboteur(self.scene)

    def cable(self, place):
        cables = self.scene.world.cables
        return cables[place % len(cables)]

    def site(self, place):
        return self.scene.sites[place % len(self.scene.sites)]

    @rule(duration_ms=st.sampled_from([1, 30, 100, 300, 1000, 3300, 7000]))
    def pass_time(self, duration_ms):
        self.scene.run(duration_ms)

    @rule(place=PLACES)
    def cut(self, place):
        self.cable(place).cut()

    @rule(place=PLACES)
    def repair(self, place):
        self.cable(place).repair()

    @rule(place=PLACES, is_mute=st.booleans())
    def mute(self, place, is_mute):
        self.cable(place).is_mute = is_mute

    @rule(place=PLACES, loss=st.sampled_from([0.0, 0.5, 1.0]))
    def lose_one_way(self, place, loss):
        cable = self.cable(place)
        cable.loss_from[cable.a] = loss

    @rule(one=PLACES, other=PLACES)
    def cross(self, one, other):
        first, second = self.cable(one), self.cable(other)
        if first is not second:
            ends = (first.a, second.b, second.a, first.b)
            self.scene.world.disconnect(first)
            self.scene.world.disconnect(second)
            self.scene.world.connect(*ends[:2])
            self.scene.world.connect(*ends[2:])

    @rule(place=PLACES)
    def reopen(self, place):
        bond = self.site(place).bond
        bond.close()
        self.scene.world.observe()
        bond.open()

    @rule(place=PLACES)
    def restart(self, place):
        self.site(place).kill()
        self.site(place).start()

    @rule(place=PLACES, port=PLACES)
    def release_or_enslave(self, place, port):
        site = self.site(place)
        interface = site.interfaces[port % len(site.interfaces)]
        if site.has(interface):
            assert site.bond.release(interface) is None
        else:
            assert site.bond.enslave(interface) is None

    @rule(place=PLACES, write=st.sampled_from(LIVE_WRITES))
    def write(self, place, write):
        self.saboteur.write_to(self.site(place), *write)

    @rule(place=PLACES, write=st.sampled_from(CLOSED_WRITES))
    def write_while_closed(self, place, write):
        site = self.site(place)
        site.bond.close()
        self.saboteur.write_to(site, *write)
        self.scene.world.observe()
        site.bond.open()

    @rule(place=PLACES, octets=st.binary(min_size=1, max_size=130))
    def hear_anything(self, place, octets):
        interface = self.site(place).interfaces[0]
        if self.site(place).has(interface):
            interface.receive(bytes.fromhex("0180c200000202ba000000ff8809") + octets)

    @invariant()
    def no_rule_is_broken(self):
        self.scene.world.observe()

    def teardown(self):
        if hasattr(self, "saboteur"):
            self.saboteur.calm_down()
            wait_for_agreement(self.scene, bound_ms(self.scene))
            assert_traffic_passes(self.scene)


TestLacpSystems = LacpSystems.TestCase
TestLacpSystems.pytestmark = pytest.mark.timeout(600)  # To make a failure's history short.
TestLacpSystems.settings = settings(
    max_examples=60,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
