"""What docs/configuration.md and the examples show is what happens."""

import re
from pathlib import Path

import pytest
from configs import source

from pybondd.cli.main import run
from pybondd.config.dialects import DIALECTS
from pybondd.config.toml import TOP, read_config

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "configuration.md").read_text()
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
IFCFG = {
    "ifcfg-bond0": "DEVICE=bond0\nIPADDR=192.0.2.10\nPREFIX=24\nGATEWAY=192.0.2.1\n"
    'BONDING_OPTS="mode=1 miimon=100"\n',
    "ifcfg-eth0": "DEVICE=eth0\nMASTER=bond0\nSLAVE=yes\n",
    "ifcfg-eth1": "DEVICE=eth1\nMASTER=bond0\n",
}


def blocks(language=""):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [text for word, text in found if word == language]


@pytest.fixture
def shown(tmp_path, monkeypatch, capsys):
    """Runs a block's command where its files are; what it printed, and to standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bond0.toml").write_text(blocks("toml")[0])
    (tmp_path / "mistake.toml").write_text(
        blocks("toml")[0]
        .replace("miimon", "mimon")
        .replace("address", "# address")
        .replace('# address = ["192.0.2.10/24"]\n', "")
    )
    (tmp_path / "lacp.toml").write_text((ROOT / "examples" / "lacp.toml").read_text())
    for name, text in IFCFG.items():
        (tmp_path / name).write_text(text)

    def run_block(block):
        words = block.splitlines()[0].removeprefix("$ pybondd ").split()
        run(words)
        printed = capsys.readouterr()
        return printed.out, printed.err

    return run_block


COMMANDS = [block for block in blocks() if block.startswith("$ ")]


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.splitlines()[0])
def test_a_command_of_the_page_prints_what_stands_there(shown, block):
    out, err = shown(block)
    expected = block.split("\n", 1)[1]
    assert expected.strip() in out + err


def test_the_notes_of_the_page_are_those_of_the_import(shown):
    _, err = shown("$ pybondd import ifcfg-bond0 ifcfg-eth0 ifcfg-eth1\n")
    (notes,) = [block for block in blocks() if block.startswith("ignored:")]
    assert notes == err


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_good_file(path):
    assert read_config(source(path.name, path.read_bytes())).ports


def test_the_page_shows_an_example_of_the_folder():
    example = (ROOT / "examples" / "active-backup.toml").read_text()
    assert example.endswith(blocks("toml")[0])


def test_the_page_names_every_format_and_every_key():
    for word in (*DIALECTS, *(key for key in TOP if key not in ("options", "port"))):
        assert f"`{word}`" in PAGE, word
