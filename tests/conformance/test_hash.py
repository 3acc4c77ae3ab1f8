"""Does every frame get the hash, and the port, that the real driver gave it?

A vector marked `artefact` was written by a raw socket with its tag inside, which no frame from a
TAP resembles. Its hash must agree all the same: what is in the file is compared, all of it.
"""

import pytest
from recordings import read_json
from twins import HASHES, TWINS

from pybondd.forwarding import HashPolicy

RECORDING = read_json("hash-vectors.json") or {"vectors": []}
POLICIES = {
    "layer2": HashPolicy.LAYER2,
    "layer3+4": HashPolicy.LAYER34,
    "layer2+3": HashPolicy.LAYER23,
    "encap2+3": HashPolicy.ENCAP23,
    "encap3+4": HashPolicy.ENCAP34,
    "vlan+srcmac": HashPolicy.VLAN_SRCMAC,
}
PORT_COUNTS = (2, 3, 4, 5)


def vector_id(vector):
    return f"{vector['id']}-{vector['kind']}"


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("vector", RECORDING["vectors"], ids=vector_id)
def test_a_frame_has_the_hash_and_the_port_that_the_driver_gave_it(vector, twin):
    frame = bytes.fromhex(vector["frame"])
    tci = vector["accel_tag"]["tci"] if vector["accel_tag"] else 0
    hashes = {name: HASHES[twin](policy, frame, tci) for name, policy in POLICIES.items()}
    assert hashes == {name: int(text, 16) for name, text in vector["hash"].items()}
    ports = {name: [word % count for count in PORT_COUNTS] for name, word in hashes.items()}
    assert ports == vector["slave"]
