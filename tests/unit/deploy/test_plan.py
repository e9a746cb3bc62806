"""Where the nodes of a pair are: by their own addresses, or as it was typed."""

from pathlib import Path

import pytest

from firmware.deploy.options import DeployOptions
from firmware.deploy.plan import plan
from firmware.deploy.reach import packed
from firmware.errors import FirmwareError

FOUND = {
    "nodes": ["alpha", "beta"],
    "cluster": "office",
    "master": "beta",
    "has_hotwire": True,
    "logins": {"alpha": ["192.0.2.1 22", "2001:db8::1 22"], "beta": ["2001:db8::2 2222"]},
    "own": {"alpha": {}, "beta": {}},
}


def targets(tmp_path: Path, *at: str, user: str = "admin") -> list[tuple[str, tuple[str, ...]]]:
    pair = plan(tmp_path, FOUND, DeployOptions((str(tmp_path),), at=at, user=user))
    return [(node.target, node.options) for node in pair.nodes]


def test_the_master_comes_first_and_each_at_its_first_own_address(tmp_path: Path):
    assert targets(tmp_path) == [
        ("admin@2001:db8::2", ("-p", "2222")),
        ("admin@192.0.2.1", ("-p", "22")),
    ]


@pytest.mark.parametrize(
    "at,target,port",
    [
        ("alpha=203.0.113.7", "admin@203.0.113.7", ()),
        ("alpha=root@fw.example.com:2222", "root@fw.example.com", ("-p", "2222")),
        ("alpha=[2001:db8::7]:22", "admin@2001:db8::7", ("-p", "22")),
    ],
)
def test_what_is_typed_counts(tmp_path: Path, at: str, target: str, port: tuple[str, ...]):
    assert targets(tmp_path, at)[1] == (target, port)


def test_a_known_hosts_of_the_folder_is_the_only_one(tmp_path: Path):
    (tmp_path / "known_hosts").write_text("")
    (_, options), _ = targets(tmp_path)
    assert options[:4] == (
        *("-o", f"UserKnownHostsFile={tmp_path / 'known_hosts'}"),
        *("-o", "StrictHostKeyChecking=yes"),
    )


@pytest.mark.parametrize(
    "at,said",
    [
        (("gamma=192.0.2.9",), "there is no node gamma"),
        (("alpha",), "does not say where a node is"),
        (("alpha=-oProxyCommand=x",), "does not say where a node is"),
        (("alpha=a b",), "does not say where a node is"),
        (("alpha=192.0.2.9", "alpha=192.0.2.8"), "where alpha is is said twice"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, at: tuple[str, ...], said: str):
    with pytest.raises(FirmwareError, match=said) as caught:
        targets(tmp_path, *at)
    assert caught.value.where == "--at"


def test_a_node_without_an_address_and_a_folder_without_a_cluster(tmp_path: Path):
    options = DeployOptions((str(tmp_path),))
    with pytest.raises(FirmwareError, match="alpha has no own address at which administrators"):
        plan(tmp_path, {**FOUND, "logins": {"beta": ["192.0.2.2 22"]}}, options)
    with pytest.raises(FirmwareError, match=r"there is no cluster.toml to deploy"):
        plan(tmp_path, {**FOUND, "master": ""}, options)


def test_what_is_sent_has_no_node_toml_and_nothing_of_this_machine(tmp_path: Path):
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpha/node.toml").write_text("secret of the box")
    (tmp_path / "cluster.toml").write_text("schema = 1\n")
    sent = packed(tmp_path)
    assert b"secret of the box" not in sent
    (tmp_path / "cluster.toml").touch()
    assert packed(tmp_path) == sent
