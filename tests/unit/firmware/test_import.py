"""`python3 invoke.py import`, typed."""

from pathlib import Path

import pytest

from firmware.import_keepalived import _PAGE
from tests.unit.firmware.test_options import ROOT, launch

GOOD = """
vrrp_instance V {
    interface eth0
    virtual_router_id 7
    virtual_ipaddress {
        192.0.2.1/24
    }
}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("alpha.conf", "beta.conf"):
        (tmp_path / name).write_text(GOOD)
    return tmp_path


def test_both_files_become_a_folder_that_the_check_takes(here: Path) -> None:
    macs = ["--mac", "alpha.lan=52:54:00:12:34:01", "--mac", "beta.lan=52:54:00:12:34:02"]
    done = launch("import", "alpha.conf", "beta.conf", "--port", "eth0=lan", *macs, "check", "site")
    assert (done.returncode, done.stderr) == (0, "")
    assert "alpha.conf:2\n    vrrp_instance V: HA interface on eth0, VRID 7\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "good: alpha and beta"
    assert (here / "site/import.txt").exists()


def test_missing_mac_addresses_are_what_the_check_refuses(here: Path) -> None:
    assert launch("import", "alpha.conf").returncode == 0
    done = launch("check", "site")
    assert done.returncode == 1
    for name in ("alpha", "beta"):
        place = f"! site/{name}/node.toml: ports.eth0.mac: "
        assert f'{place}"FILL IN the MAC address of eth0" is not a MAC address' in done.stderr
    assert done.stderr.count("  ! ") == 2


@pytest.mark.parametrize(
    "words,said",
    [
        (("broken.conf",), "! broken.conf:3: a quotation mark is not closed"),
        (("including.conf",), "! including.conf:2: include missing.conf: missing.conf is not there"),
        (("outer.conf",), "! broken.conf:3: a quotation mark"),
        (("starry.conf",), "! deep/broken.conf:3: a quotation mark"),
        (("none.conf",), "! none.conf: there is no such file"),
        (("binary.conf",), "! binary.conf: not UTF-8 text"),
        (("alpha.conf", "beta.conf", "alpha.conf"), "3 keepalived's files: a pair has two nodes"),
        (("alpha.conf", "--conntrackd", "broken.conf"), "! broken.conf:2: the block General is not closed"),
        (
            ("alpha.conf", "--ip", "beta.conf"),
            "! beta.conf:1: is not what `ip -details -json address` prints",
        ),
        (("alpha.conf", "--into", "full"), "! full: is there already"),
        (("alpha.conf", "--into", "no/where"), "! no/where: cannot be made: No such file or directory"),
        (("alpha.conf", "--mac", "lan"), "! --mac lan: write NODE.PORT=MAC"),
        (("alpha.conf", "--mac", "alpha.lan=1"), '! --mac alpha.lan=1: "1" is not a MAC address'),
        (
            ("alpha.conf", "--mac", "gamma.eth0=52:54:00:12:34:56"),
            "no such port: there are alpha.eth0, beta.eth0",
        ),
        (("alpha.conf", "--port", "eth1=lan"), "no such interface: there are eth0"),
        (("alpha.conf", "--name", "A B"), '! --name: "A B" is not a name'),
    ],
)
def test_what_is_wrong_is_one_message_and_nothing_is_written(
    words: tuple[str, ...], said: str, here: Path
) -> None:
    (here / "broken.conf").write_text('x 1\nGeneral {\n  a "b\n')
    (here / "including.conf").write_text("\ninclude missing.conf\n")
    (here / "outer.conf").write_text("include bro*.conf\n")
    (here / "starry.conf").write_text("include d**p/*.conf\n")
    (here / "deep").mkdir()
    (here / "deep/broken.conf").write_text('x 1\nGeneral {\n  a "b\n')
    (here / "binary.conf").write_bytes(b"\xff\xfe")
    (here / "full").mkdir()
    (here / "full/file").write_text("")
    before = sorted(here.rglob("*"))
    done = launch("import", *words)
    assert done.returncode == 1
    assert done.stderr.startswith("error: nothing was imported:\n")
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert sorted(here.rglob("*")) == before


def test_without_a_file_it_says_what_to_do() -> None:
    done = launch("import")
    assert done.returncode == 1
    assert "--file is missing" in done.stderr
    assert "`python3 invoke.py import keepalived.conf`" in done.stderr


def test_it_is_listed_and_has_help() -> None:
    assert "\n  import " in launch("--list").stdout
    assert "python3 invoke.py import keepalived.conf\n" in launch("--help", "import").stdout


def test_the_page_that_it_names_is_there() -> None:
    assert (ROOT / _PAGE).exists()
    assert "\n## Change over\n" in (ROOT / _PAGE).read_text(encoding="utf-8")
