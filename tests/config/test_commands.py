"""`import`, `export` and `up -c` as a person calls them; without privileges."""

import pytest
from configs import read

from pybondd.cli.main import run
from pybondd.daemon import background
from pybondd.daemon.refusal import Exit

TOML = 'mode = "active-backup"\nports = ["eth0", "eth1"]\n\n[options]\nmiimon = 50\nupdelay = 100\n'
TOML += 'arp_ip_target = ["10.0.0.1", "10.0.0.2"]\nprimary = "eth1"\n\n[port.eth0]\nprio = -1\n'
IFCFG = 'DEVICE=bond0\nBONDING_OPTS="mode=1 miimon=100"\n'


class StartedError(Exception):
    """Carries the request that a daemon would have been started with."""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYBONDD_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("PYBONDD_CONFIG_DIR", str(tmp_path / "etc"))
    (tmp_path / "etc").mkdir()
    return tmp_path


@pytest.fixture
def request_of(monkeypatch):
    """What `up` with these words asks of the daemon."""

    def start(request):
        raise StartedError(request)

    monkeypatch.setattr(background, "start", start)

    def call(*words):
        with pytest.raises(StartedError) as started:
            run(["up", *words])
        return started.value.args[0]

    return call


FROM_FILE = [
    ("mode", "active-backup"),
    ("miimon", "50"),
    ("updelay", "100"),
    ("arp_ip_target", "+10.0.0.1"),
    ("arp_ip_target", "+10.0.0.2"),
    ("primary", "eth1"),
    ("prio", "eth0:-1"),
]


def test_up_takes_options_and_ports_from_the_file_of_the_bond(home, request_of):
    (home / "etc" / "bond0.toml").write_text(TOML)
    request = request_of("bond0")
    assert list(request.options) == FROM_FILE
    assert request.ports == ("eth0", "eth1")


def test_up_with_words_of_its_own_reads_no_file_that_was_not_named(home, request_of):
    (home / "etc" / "bond0.toml").write_text(TOML)
    assert request_of("bond0", "eth7").ports == ("eth7",)


def test_up_without_a_file_makes_a_bond_without_ports(request_of):
    assert request_of("bond0").ports == ()


def test_words_win_over_the_file(home, request_of):
    (home / "x.toml").write_text(TOML)
    request = request_of("bond7", "-c", "x.toml", "--miimon", "10", "eth0")
    assert request.bond == "bond7"
    assert request.ports == ("eth0",)
    assert ("miimon", "10") in request.options
    assert ("miimon", "50") not in request.options
    assert ("updelay", "100") in request.options


def test_another_mode_on_the_command_line_leaves_out_what_it_does_not_know(home, request_of):
    (home / "x.toml").write_text(TOML)
    request = request_of("-c", "x.toml", "--mode", "802.3ad")
    assert "primary" not in dict(request.options)
    assert dict(request.options)["mode"] == "802.3ad"


def test_a_bad_file_starts_nothing(home, monkeypatch, capsys):
    monkeypatch.setattr(background, "start", lambda _: pytest.fail("a daemon was started"))
    (home / "x.toml").write_text(TOML.replace("primary", "primry"))
    assert run(["up", "-c", "x.toml"]) == Exit.REFUSED
    err = capsys.readouterr().err.splitlines()
    assert err[0] == "pybondd: x.toml:8: unknown key 'primry' in [options]"
    assert err[1] == "  did you mean 'primary'?"


def test_the_commands_of_a_dry_run_are_read_back_as_the_same_bond(home, capsys):
    (home / "bond0.toml").write_text(TOML)
    assert run(["up", "-c", "bond0.toml", "--dry-run"]) == Exit.DONE
    (home / "bond0.sh").write_text(capsys.readouterr().out)
    assert run(["import", "bond0.sh"]) == Exit.DONE
    assert capsys.readouterr().out.endswith(TOML)


def test_a_dry_run_refuses_what_a_bond_would_refuse(capsys):
    assert run(["up", "bond0", "--dry-run", "--mode", "1", "--lacp-rate", "fast"]) == Exit.REFUSED
    assert "EACCES" in capsys.readouterr().err


def test_up_wants_a_name_or_a_file(capsys):
    assert run(["up"]) == Exit.USAGE
    assert "which bond?" in capsys.readouterr().err


def test_an_import_may_write_files_but_overwrites_none(home, capsys):
    (home / "ifcfg-bond0").write_text(IFCFG)
    assert run(["import", "ifcfg-bond0", "-o", "out"]) == Exit.DONE
    assert (home / "out" / "bond0.toml").read_text().startswith('mode = "active-backup"')
    (home / "out" / "bond0.toml").write_text("mine")
    assert run(["import", "ifcfg-bond0", "-o", "out"]) == Exit.REFUSED
    assert (home / "out" / "bond0.toml").read_text() == "mine"
    assert "EEXIST" in capsys.readouterr().err


def test_a_folder_is_read_whole(home, capsys):
    (home / "scripts").mkdir()
    (home / "scripts" / "ifcfg-bond0").write_text(IFCFG)
    (home / "scripts" / "ifcfg-eth0").write_text("DEVICE=eth0\nMASTER=bond0\nSLAVE=yes\n")
    (home / "scripts" / "ifup-eth").write_text("if true; then\n  ip link set ${DEVICE} up\nfi\n")
    (home / "scripts" / "core").write_bytes(b"\0" * 100)
    assert run(["import", "scripts"]) == Exit.DONE
    out, err = capsys.readouterr()
    assert 'ports = ["eth0"]' in out
    assert [line.split(": ")[1] for line in err.splitlines()] == [
        "scripts/core",
        "scripts/ifup-eth",
    ]


def test_a_bond_of_the_kernel_is_read_from_the_folder_of_its_files(home, capsys):
    bonding = home / "bond3" / "bonding"
    bonding.mkdir(parents=True)
    for name, text in {"mode": "802.3ad 4\n", "miimon": "100\n", "slaves": "a b\n"}.items():
        (bonding / name).write_text(text)
    (home / "bond3" / "mtu").write_text("9000\n")
    assert run(["import", "bond3"]) == Exit.DONE
    out = capsys.readouterr().out
    assert out.startswith("# ")
    assert out.split("\n", 1)[1] == (
        'mode = "802.3ad"\nports = ["a", "b"]\nmtu = 9000\n\n[options]\nmiimon = 100\n'
    )


@pytest.mark.parametrize(
    ("words", "code", "piece"),
    [
        ("import", Exit.USAGE, "nothing to import"),
        ("import nowhere", Exit.REFUSED, "nowhere cannot be read   [kernel: ENOENT]"),
        ("import --live bond77", Exit.REFUSED, "bond77 is no bond of the kernel"),
        ("import --live ../x", Exit.USAGE, "cannot be the name of a bond"),
        ("import empty.sh --format ip", Exit.REFUSED, "no bond is described there"),
        ("export --as ip", Exit.USAGE, "nothing to export"),
        ("export bond0 --as ip", Exit.NOT_RUNNING, "no bond named bond0 is running"),
        ("export -c nowhere.toml --as ip", Exit.REFUSED, "ENOENT"),
        ("export -c x.toml --as proc", Exit.USAGE, "proc"),
    ],
)
def test_a_refusal_says_what_and_has_its_exit_code(home, capsys, words, code, piece):
    (home / "empty.sh").write_text("")
    assert run(words.split()) == code
    out, err = capsys.readouterr()
    assert piece in err
    assert out == ""


def test_an_export_writes_the_files_that_an_import_reads(home, capsys):
    (home / "bond0.toml").write_text(TOML)
    assert run(["export", "-c", "bond0.toml", "--as", "networkd", "-o", "out"]) == Exit.DONE
    paths = capsys.readouterr().out.split()
    bonds, _ = read({path: (home / path).read_text() for path in paths})
    assert bonds[0].ports == ("eth0", "eth1")
    assert bonds[0].options["primary"] == "eth1"
