"""The programs that cluster.toml names: one that cannot be run is refused with its key."""

from pathlib import Path

import pytest

from hadaemon.config import load_cluster
from hadaemon.io.store.program_files import read_program
from hadaemon.operations.check_folder import check_folder
from hadaemon.operations.dry_run import Refused, dry_run
from hadaemon.programs.script import MAX_BYTES
from hadaemon.state import own_programs
from hadaemon.state.own_programs import program_problems
from hadaemon.sync.tree import make_tree

NODE = 'schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n'
TEXT = """
schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[[checks]]
name = "ready"
file = "/run/ready"
[[checks]]
name = "mail"
program = "cluster.d/checks/mail"
"""
CLUSTER = load_cluster(TEXT)
PATH = "cluster.d/checks/mail"
MISSING = "checks[1].program: there is no cluster.d/checks/mail beside cluster.toml: add the program"


@pytest.mark.parametrize(
    "content,problem",
    [
        (None, MISSING),
        (b"exit 0\n", "checks[1].program: cluster.d/checks/mail: is not executable: its first line"),
        (b"#!/bin/sh\n" + b"#" * MAX_BYTES, "checks[1].program: cluster.d/checks/mail: has 65546 bytes"),
        (b"\xff", "checks[1].program: cluster.d/checks/mail: not UTF-8 text"),
    ],
)
def test_a_program_that_cannot_be_run_is_refused(content, problem):
    (found,) = program_problems(CLUSTER, {PATH: content}.get)
    assert found.startswith(problem)


@pytest.mark.parametrize("firmware,expected", [(True, 1), (False, 0)])
def test_its_interpreter_must_be_in_the_firmware_where_that_is_known(monkeypatch, firmware, expected):
    monkeypatch.setattr(own_programs, "is_firmware", lambda: firmware)
    found = program_problems(CLUSTER, {PATH: b"#!/usr/bin/no-such-interpreter\n"}.get)
    assert len(found) == expected
    assert program_problems(CLUSTER, {PATH: b"#!/bin/sh\n"}.get) == ()


def test_it_is_read_from_beside_cluster_toml(tmp_path: Path):
    assert read_program(tmp_path, PATH) is None
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_bytes(b"#" * 2 * MAX_BYTES)
    assert read_program(tmp_path, PATH) == b"#" * (MAX_BYTES + 1)


def test_a_folder_and_a_new_configuration_are_refused_without_it(tmp_path: Path):
    (tmp_path / "cluster.toml").write_text(TEXT)
    (tmp_path / "node.toml").write_text(NODE)
    assert [each for each in check_folder(tmp_path).problems if each.startswith(MISSING)]
    with pytest.raises(Refused) as refused:
        dry_run(make_tree({"cluster.toml": TEXT.encode()}, "test"), None, tmp_path)
    assert [each for each in refused.value.problems if each.startswith(MISSING)]
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_text("#!/bin/sh\nexit 0\n")
    assert not [each for each in check_folder(tmp_path).problems if PATH in each]
