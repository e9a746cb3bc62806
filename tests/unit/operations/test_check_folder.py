"""A cluster's files in a folder, checked as its nodes would, and against each other."""

from pathlib import Path

import pytest

from hadaemon.io.programs import nft
from hadaemon.operations.check_folder import check_folder

CLUSTER = """
schema = 1
name = "office"
master = "alpha"
[vrrp.authentication]
type = "hmac"
key = "no secret, but of 32 bytes at least"
[hotwire]
port = "hotwire"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""
SNIPPET = "chain user_forward {\n    ip saddr 192.0.2.0/24 drop\n}\n"


def node(name: str, last: int) -> str:
    return f"""
schema = 1
name = "{name}"
[ports.lan]
mac = "52:54:00:48:0{last}:01"
addresses = ["192.168.12.14{last}/24"]
[ports.hotwire]
mac = "52:54:00:48:0{last}:03"
addresses = ["192.168.180.{last}/24"]
"""


ALPHA, BETA = node("alpha", 2), node("beta", 3)
GOOD = {"cluster.toml": CLUSTER, "alpha/node.toml": ALPHA, "beta/node.toml": BETA}


@pytest.fixture(autouse=True)
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rule sets that nftables was asked about; it takes them."""
    asked: list[str] = []
    monkeypatch.setattr("hadaemon.state.firewall_check.try_rules", asked.append)
    return asked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "site"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    "names",
    [
        ("alpha/node.toml", "beta/node.toml"),
        ("alpha.node.toml", "beta.node.toml"),
        ("node.toml", "beta/node.toml"),
    ],
)
def test_two_nodes_that_fit_are_good_in_each_layout(names: tuple[str, str], folder: Path, tried: list[str]):
    files = {"cluster.toml": CLUSTER, "cluster.d/firewall/10-own.nft": SNIPPET}
    write(folder, files | dict(zip(names, (ALPHA, BETA), strict=True)))
    found = check_folder(folder)
    assert (found.problems, found.notes) == ([], [])
    assert sorted(found.nodes) == ["alpha", "beta"]
    assert len(tried) == 2
    assert all("192.0.2.0/24" in rules for rules in tried)


def said(folder: Path, changes: dict[str, str]) -> list[str]:
    """The problems of the good folder with other files, with paths as seen from it."""
    write(folder, GOOD | changes)
    return [each.replace(f"{folder}/", "") for each in check_folder(folder).problems]


@pytest.mark.parametrize(
    "changes,problem",
    [
        ({"cluster.toml": "schema"}, "cluster.toml: end of document: is not TOML"),
        ({"beta/node.toml": "x = y"}, "beta/node.toml: line 1, column 5: is not TOML"),
        ({"beta/node.toml": BETA.replace("mac", "mca", 1)}, "beta/node.toml: ports.lan.mca: unknown key"),
        ({"beta/node.toml": BETA.replace("ports.lan", "ports.lam")}, 'node beta has no port "lan"'),
        (
            {"beta/node.toml": BETA.replace('"beta"', '"alpha"')},
            "beta/node.toml: name: is alpha in alpha/node.toml",
        ),
        (
            {"cluster.toml": CLUSTER.replace('"alpha"', '"gamma"')},
            'cluster.toml: master: "gamma" is neither of the two nodes: write alpha or beta',
        ),
        (
            {"beta/node.toml": BETA.replace("12.143", "12.142")},
            "beta/node.toml: ports.lan.addresses[0]: 192.168.12.142 is an own address in alpha/node.toml too"
            ", at ports.lan.addresses[0]",
        ),
        (
            {"beta/node.toml": BETA.replace("48:03:01", "48:02:01")},
            "beta/node.toml: ports.lan.mac: 52:54:00:48:02:01 is the network card of port lan in "
            "alpha/node.toml",
        ),
        (
            {"beta/node.toml": BETA.replace("180.3", "180.4")},
            "cluster.toml: hotwire: alpha has 192.168.180.2 on the hotwire and looks for 192.168.180.3, beta "
            "has 192.168.180.4 and looks for 192.168.180.5",
        ),
        (
            {"beta/node.toml": BETA.replace("hotwire", "direct")},
            'hotwire.port: node beta has no port "hotwire"',
        ),
        ({"gamma/node.toml": node("gamma", 4)}, "has 3 nodes, and a cluster has two: "),
        ({"cluster.d/firewall/1.nft": "}\n"}, "cluster.d/firewall/1.nft: line 1: one } too many"),
        ({"cluster.d/1.nft": SNIPPET}, "cluster.d/1.nft: is not read: rules belong into cluster.d/firewall/"),
    ],
)
def test_what_is_wrong_is_told_with_its_file_and_place(changes: dict[str, str], problem: str, folder: Path):
    found = said(folder, changes)
    assert [each for each in found if problem in each], found
    assert len(found) == len(set(found)), "each once, though both nodes find it"


def test_what_can_be_said_of_the_other_files_is_said_too(folder: Path):
    write(folder, GOOD | {"cluster.toml": "schema", "alpha/node.toml": ALPHA.replace("12.142", "12.999")})
    (folder / "beta/node.toml").write_bytes(b"\xff")
    told = " ".join(check_folder(folder).problems)
    assert "cluster.toml: end of document: is not TOML" in told
    assert "alpha/node.toml: ports.lan.addresses[0]" in told
    assert "beta/node.toml: not UTF-8 text at byte 0" in told


@pytest.mark.parametrize(
    "files,problem",
    [
        (None, "there is no such folder"),
        ({"readme.txt": ""}, "there is nothing to check in it: expected are cluster.toml"),
        ({"cluster.toml": CLUSTER}, "has no file of a node: write NAME/node.toml"),
        ({"cluster.d/firewall/1.nft": "", "node.toml": ALPHA}, "there is no cluster.toml"),
    ],
)
def test_a_folder_that_is_no_configuration(files: dict[str, str] | None, problem: str, folder: Path):
    write(folder, files or {})
    assert [each for each in check_folder(folder).problems if problem in each]


def test_a_file_in_place_of_the_folder(folder: Path):
    folder.write_text("")
    assert check_folder(folder).problems == [f"{folder}: is no folder"]


@pytest.mark.parametrize("mode", ["receive-only", "permissive", None])
def test_that_nobody_has_to_sign_is_told(folder: Path, mode: str | None):
    begin, end = CLUSTER.index("[vrrp.auth"), CLUSTER.index("[hotwire]")
    unsigned = CLUSTER[:begin] + CLUSTER[end:]
    text = unsigned if mode is None else CLUSTER.replace("key =", f'mode = "{mode}"\nkey =')
    write(folder, GOOD | {"cluster.toml": text})
    (told,) = set(check_folder(folder).notes)
    assert "vrrp.authentication: advertisements need not be signed" in told


def test_notes(folder: Path):
    write(
        folder,
        GOOD | {"claster.toml": "", "beta/node.toml": f"{BETA}[ports.dmz]\nmac = '52:54:00:48:03:04'\n"},
    )
    (folder / "beta").rename(folder / "fw-b")
    told = " ".join(check_folder(folder).notes)
    assert f"{folder}/claster.toml: is not read" in told
    assert f"{folder}/fw-b/node.toml: ports.dmz: node alpha has no port of that name" in told
    assert "name: is beta, and the file is kept as fw-b" in told


def test_what_the_nodes_would_say_of_it_is_said(folder: Path):
    shared = '[nodes.alpha.addresses]\nlan = ["192.168.12.9/24"]\n[nodes.beta]\n'
    write(folder, GOOD | {"cluster.toml": f"{CLUSTER}{shared}"})
    (told,) = check_folder(folder).notes
    assert told.startswith(
        f"{folder}/alpha/node.toml: ports.lan.addresses: counts, and not what cluster.toml"
    )


def test_one_node_and_no_cluster_are_good_and_said(folder: Path):
    write(folder, {"cluster.toml": CLUSTER, "alpha/node.toml": ALPHA})
    found = check_folder(folder)
    assert (found.problems, found.nodes) == ([], ["alpha"])
    assert "the other one is not checked" in found.notes[0]
    (folder / "cluster.toml").unlink()
    found = check_folder(folder)
    assert not found.problems
    assert "each node stands alone" in found.notes[0]


def test_what_nftables_refuses_on_one_node_only_has_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(text: str) -> None:
        if "own6_lan" not in text.partition("table")[0]:
            raise nft.NftError("/dev/stdin:9:1-2: Error: unknown identifier 'own6_lan'")

    monkeypatch.setattr("hadaemon.state.firewall_check.try_rules", refuse)
    write(folder, GOOD | {"alpha/node.toml": ALPHA.replace('12.142/24"', '12.142/24", "2001:db8::2/64"')})
    (problem,) = check_folder(folder).problems
    assert problem.startswith("node beta: firewall: ")
    write(folder, GOOD)
    (problem,) = check_folder(folder).problems
    assert problem.startswith("firewall: ")


def test_without_nft_it_is_said_that_the_rules_were_not_tried(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def missing(_text: str) -> None:
        raise nft.NftMissing("nft: there is no such program")

    monkeypatch.setattr("hadaemon.state.firewall_check.try_rules", missing)
    write(folder, GOOD | {"cluster.d/firewall/1.nft": SNIPPET})
    found = check_folder(folder)
    assert not found.problems
    assert found.notes == [
        "the snippets and the rules of the firewall were not tried with nftables: nft: there is "
        "no such program"
    ]
