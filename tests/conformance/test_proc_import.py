"""Every recorded text of /proc/net/bonding is read as the configuration that made it."""

import json

import pytest
from recordings import proc_samples

from pybondd.config.dialects import read_all
from pybondd.config.lines import Source
from pybondd.config.trial import fresh

SAMPLES = [pytest.param(path, id=name) for name, path in proc_samples()]
SHOWN_AS = {
    "miimon": "miimon",
    "updelay": "updelay",
    "downdelay": "downdelay",
    "arp_interval": "arp_interval",
    "primary": "primary",
}
"""Keys of `ip -d -j link` whose options /proc shows in every mode that has them."""


@pytest.mark.parametrize("path", SAMPLES)
def test_mode_ports_and_monitor_come_back(path):
    sidecar = json.loads(path.read_text())
    bond_name = sidecar["bond"]
    text = path.with_suffix(".txt").read_bytes()
    (config,), _ = read_all([Source(bond_name, text)])
    links = {link["ifname"]: link for link in sidecar["ip_d_j_link"]}
    shown = links[bond_name]["linkinfo"]["info_data"]
    ports = [slave["Slave Interface"] for slave in sidecar["facts"]["slaves"]]
    assert config.options["mode"] == shown["mode"]
    assert list(config.ports) == ports
    default = fresh(shown["mode"])
    for key, name in SHOWN_AS.items():
        if key in shown:
            ours = config.options.get(name, default.read_option(name))
            assert ours == str(shown[key]), name
