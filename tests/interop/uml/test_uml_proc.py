"""The status file, byte for byte, after the same story."""

import pytest
from uml_compare import both

pytestmark = [
    pytest.mark.root,
    pytest.mark.uml,
    pytest.mark.xdist_group("uml"),
    pytest.mark.timeout(240),
]

STORIES = {
    "active-backup": (
        {"mode": "active-backup", "miimon": 100, "primary": "eth1", "fail_over_mac": "active"},
        ["cut 1", "write primary_reselect failure", "mend 1", "write active_slave eth1"],
    ),
    "rr with delays": (
        {"mode": "balance-rr", "miimon": 100, "updelay": 300, "downdelay": 200},
        ["wait 0.3", "cut 0", "write miimon 50", "mend 0", "remove eth1"],
    ),
    "xor": (
        {"mode": "balance-xor", "miimon": 100, "xmit_hash_policy": "layer3+4"},
        ["cut 0", "cut 1", "mend 1", "write xmit_hash_policy encap2+3"],
    ),
    "broadcast without a monitor": ({"mode": "broadcast", "miimon": 0}, ["cut 0"]),
}


@pytest.mark.parametrize(("options", "happenings"), STORIES.values(), ids=STORIES)
def test_the_status_file_reads_as_the_kernels(guest, options, happenings):
    kernel, ours = both(guest, "proc_texts", happenings=happenings, **options)
    assert ours == kernel
