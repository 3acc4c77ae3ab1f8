"""The comparison of stories can fail."""

import pytest
from kernel_log import by_port, elections, is_retold, kind_of

UP0 = ("eth0", "new active", ())
UP1 = ("eth1", "new active", ())
LOST = ("", "carrier lost", ())


@pytest.mark.parametrize(
    ("recorded", "told", "verdict"),
    [
        ([], [], True),
        ([UP0, LOST], [UP0, LOST], True),
        ([UP0, LOST], [UP0, UP1, LOST], True),
        ([UP0, LOST], [LOST, UP0], False),
        ([UP0], [UP0, UP1], False),
        ([UP0, UP1], [UP1], False),
        ([], [UP0], False),
    ],
    ids=["nothing", "same", "one more between", "other order", "other end", "less", "too much"],
)
def test_elections_are_retold_only_with_all_recorded_ones_and_the_same_end(recorded, told, verdict):
    assert is_retold(recorded, told) == verdict


def test_the_kernels_words_and_ours_are_of_one_kind():
    kernel = kind_of("eth0", "link status definitely down, disabling slave")
    assert kernel == kind_of("eth0", "link status definitely down, disabling it")
    assert kernel != kind_of("eth1", "link status definitely down, disabling it")


def test_links_and_elections_are_told_apart():
    story = [UP0, ("eth0", "definitely down", ()), ("eth1", "definitely up", ("10 Mbps full",))]
    assert elections(story) == [UP0]
    assert by_port(story) == {"eth0": [story[1]], "eth1": [story[2]]}
