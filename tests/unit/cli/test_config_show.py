"""`hactl config show`: the configuration as it stands, without a secret in it."""

import json
from pathlib import Path

import pytest

from hadaemon.cli.main import main

KEY = "hex:" + "ab" * 32
CLUSTER = f"""\
# The office's pair.
schema = 1
name = "office"
master = "alpha"

[vrrp.authentication]
type = "hmac"
key = "{KEY}"  # not hunter2

[[follow.pppoe]]
name = "wan0"
port = "modem"
user = "0815@provider.example"
password = "hunter2"
"""


def show(state: Path, *arguments: str) -> int:
    return main(["config", "show", "--state", str(state), *arguments])


def test_comments_and_order_stay_and_secrets_do_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "cluster.toml").write_text(CLUSTER)
    (tmp_path / "cluster.d/firewall").mkdir(parents=True)
    (tmp_path / "cluster.d/firewall/10-block.nft").write_text("")
    assert show(tmp_path) == 0
    out = capsys.readouterr().out
    assert KEY not in out
    assert "hunter2" not in out
    assert out == (
        CLUSTER.replace(KEY, "(secret)").replace("hunter2", "(secret)")
        + "# beside it: cluster.d/firewall/10-block.nft\n"
    )


def test_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "cluster.toml").write_text(CLUSTER)
    assert show(tmp_path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["file"] == "cluster.toml"
    assert told["values"]["vrrp"]["authentication"] == {"type": "hmac", "key": "(secret)"}
    assert told["values"]["follow"]["pppoe"][0]["password"] == "(secret)"
    assert told["values"]["follow"]["pppoe"][0]["user"] == "0815@provider.example"


def test_the_node_s_own_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "node.toml").write_text('schema = 1\nname = "alpha"\n')
    assert show(tmp_path, "--node") == 0
    assert capsys.readouterr().out == 'schema = 1\nname = "alpha"\n'


@pytest.mark.parametrize(
    "text,told", [(None, "this node stands alone"), ("key = ", "not TOML"), ("[" * 3000, "not TOML")]
)
def test_what_cannot_be_shown(
    text: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    if text is not None:
        (tmp_path / "cluster.toml").write_text(text)
    assert show(tmp_path) == 1
    assert told in capsys.readouterr().err
