"""The support bundle: everything that helps, bounded, and no secret of the node in any form."""

import base64
import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from hadaemon.cli.main import main
from hadaemon.config import load_admin, load_cluster, load_node
from hadaemon.config.render import render_cluster
from hadaemon.errors import HadaemonError
from hadaemon.io.errors import FileError
from hadaemon.operations import support
from hadaemon.operations.support import Part, all_parts, said, secrets_below, write_bundle
from hadaemon.state.places import HOTWIRE_KEY_FILE
from hadaemon.sync.redact import HIDDEN, is_secret, secrets_of

WG = [base64.b64encode(bytes([number]) * 32).decode() for number in range(1, 5)]
HEARTBEAT = base64.b64encode(bytes(range(32))).decode()
HASH = f"$6$saltsalt${'x' * 86}"
SSH_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "\n".join(["S3cretKey" * 7] * 3)
SSH_KEY += "\n-----END OPENSSH PRIVATE KEY-----\n"
SECRETS = {
    "signing": "S3cretSigningKey0123456789abcdef01",
    "next": "hex:" + "5e" * 32,
    "webhook": "https://hooks.example.org/services/S3cretPath",
    "token": "S3cretToken==",
    "body": '{"key": "S3cretInBody", "text": "{text}"}',
    "mail": 'S3cret"mail\\word #1',
    "pppoe": "S3cretDialIn",
}
NODE = """schema = 1
name = "alpha"
[ports.lan]
mac = "52:54:00:48:0a:01"
addresses = ["192.168.13.141/24"]
[ports.wan]
mac = "52:54:00:48:0a:02"
"""
CLUSTER = f"""schema = 1
name = "office"
master = "alpha"
[vrrp.authentication]
type = "hmac"
key_id = 1
key = "{SECRETS["signing"]}"
more_keys = {{ 2 = "{SECRETS["next"]}" }}
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
[alarms.webhook]
url = "{SECRETS["webhook"]}"
token = "{SECRETS["token"]}"
body = '{SECRETS["body"]}'
[alarms.mail]
relay = "mail.example.org"
user = "hotspare"
password = '{SECRETS["mail"]}'
from = "hotspare@example.org"
to = ["admin@example.org"]
[[follow.pppoe]]
name = "dsl"
port = "wan"
user = "somebody"
password = "{SECRETS["pppoe"]}"
[[follow.wireguard]]
name = "office"
private_key = "{WG[0]}"
addresses = ["10.9.0.1/24"]
[[follow.wireguard.peers]]
public_key = "{WG[1]}"
preshared_key = "{WG[2]}"
allowed = ["10.9.0.2/32"]
"""
ALL = (*SECRETS.values(), WG[0], WG[2], HEARTBEAT, HASH, "S3cret")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    for folder in ("daemon", "good", "generations/3", "ssh", "cluster.d/haproxy"):
        (state / folder).mkdir(parents=True)
    load_node(NODE)
    load_cluster(CLUSTER)
    (state / "node.toml").write_text(NODE)
    (state / "cluster.toml").write_text(CLUSTER)
    (state / "good/cluster.toml").write_text('[vrrp.authentication]\npassphrase = "S3cretOld"\n')
    (state / "generations/3/cluster.toml").write_text('x = [\nkey = "S3cretBroken"\n')
    admin = f'schema = 1\npassword_hash = "{HASH}"\n'
    load_admin(admin)
    (state / "admin.toml").write_text(admin)
    (state / HOTWIRE_KEY_FILE).write_text(f"{HEARTBEAT}\n")
    (state / "ssh/ssh_host_ed25519_key").write_text(SSH_KEY)
    (state / "cluster.d/haproxy/site.pem").write_text(SSH_KEY)
    (state / "cluster.d/haproxy/stats.cfg").write_text("stats auth admin:S3cretStats\n")
    (state / "cluster.d/own.nft").write_text("tcp dport 8080 accept\n")
    (state / "daemon/history.jsonl").write_text('{"reason": "began"}\n')
    return state


def content(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        assert {entry.mode for entry in archive.getmembers()} == {0o600}
        texts = {}
        for entry in archive.getmembers():
            file = archive.extractfile(entry)
            assert isinstance(file, io.BufferedReader)
            texts[entry.name.partition("/")[2]] = file.read().decode()
        return texts


def make(state: Path, *more: Part) -> tuple[dict[str, str], list[str]]:
    path = state.parent / "one.tar.gz"
    parts = (*all_parts(state, state / "no.sock"), *more)
    owner = (os.geteuid(), os.getegid())
    lacking = write_bundle(path, parts, secrets_below(state), owner)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in state.parent.iterdir() if each.name.startswith(".")] == []
    return content(path), lacking


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "COMMANDS", (("kernel", ("uname", "-a")), ("none", ("no-such-program",))))


@pytest.mark.usefixtures("quick")
def test_no_secret_is_anywhere_in_it_in_any_form(state: Path) -> None:
    """Logs and programs say all of them, plain, in JSON, in TOML, as Python writes them, and in sentences."""
    said_all = "\n".join(
        f'{each}\n{json.dumps(each)}\n{each!r}\nkey=\'{each}\', {{"a": "{each}"}} {each}{each}'
        for each in ALL[:-1]
    )
    said_all += f"\n{CLUSTER}\n{render_cluster(load_cluster(CLUSTER))}\n{SSH_KEY}\nS3cretOld S3cretBroken"
    said_all += "\nadmin:$y$j9T$abcdefgh$0123456789:1:\nAuthorization: Bearer abc.def\nAuthorization: Basic dTpw\nhttp://u:pw@host/"
    texts, _ = make(state, Part("journal", lambda _: said_all))
    everything = "\n".join(texts.values())
    for secret in (*ALL, *SSH_KEY.splitlines(), "$y$j9T", "abc.def", "dTpw", "u:pw"):
        assert secret not in everything
        assert json.dumps(secret)[1:-1] not in everything
    assert "192.168.12.1" in texts["cluster.txt"]
    assert f"alarms.mail.password = {HIDDEN}" in texts["cluster.txt"]
    assert f"password_hash = {HIDDEN}" in texts["admin.txt"]
    assert "haproxy/stats.cfg: 29 bytes" in texts["cluster-files.txt"]
    assert "tcp dport 8080 accept" in texts["cluster-files.txt"]
    assert "began" in texts["history.txt"]


@pytest.mark.usefixtures("quick")
def test_a_part_that_fails_is_named_and_stops_nothing(state: Path) -> None:
    texts, lacking = make(state)
    assert any(each.startswith("status: ") for each in lacking), "no daemon answers"
    assert "none: no-such-program: there is no such program: install it" in lacking
    assert "FAILED: no-such-program" in texts["none.txt"]
    assert "kernel: ok" in texts["PARTS.txt"]
    assert "Linux" in texts["kernel.txt"]


@pytest.mark.usefixtures("quick")
def test_a_file_that_is_no_toml_is_not_shown(state: Path) -> None:
    (state / "cluster.toml").write_text(CLUSTER + "\n[[[\n")
    texts, _ = make(state, Part("journal", lambda _: CLUSTER))
    assert "not TOML" in texts["cluster.txt"]
    assert "S3cret" not in "\n".join(texts.values())


def test_bounded(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "MAX_PART", 1000)
    long = "first " + "x" * 5000 + " last"
    path = state.parent / "one.tar.gz"
    parts = (Part("end", lambda _: long, from_end=True), Part("begin", lambda _: long))
    write_bundle(path, parts, secrets_below(state), (os.geteuid(), os.getegid()))
    texts = content(path)
    assert texts["end.txt"].endswith(" last")
    assert texts["begin.txt"].startswith("first ")
    assert max(map(len, texts.values())) < 1100
    monkeypatch.setattr(support, "MAX_SECONDS", -1.0)
    path.unlink()
    assert len(write_bundle(path, parts, secrets_below(state), (os.geteuid(), os.getegid()))) == 2


def test_a_program_that_hangs_is_left_behind() -> None:
    with pytest.raises(support.Incomplete, match="not done in") as failed:
        said(("sh", "-c", "echo begun; exec sleep 60"), 0.5)
    assert failed.value.text == "begun\n"


def test_nothing_is_overwritten(state: Path) -> None:
    path = state.parent / "one.tar.gz"
    path.write_text("mine")
    with pytest.raises(FileError, match="File exists"):
        write_bundle(path, (), secrets_below(state), (os.geteuid(), os.getegid()))
    assert path.read_text() == "mine"


def test_too_many_files_to_look_at_is_a_refusal(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "_MAX_FILES", 3)
    with pytest.raises(HadaemonError, match="are looked at for secrets"):
        secrets_below(state)


@pytest.mark.usefixtures("quick")
def test_the_command(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "alpha.tar.gz"
    arguments = ["--socket", str(tmp_path / "no.sock"), "support", str(path), "--state", str(state)]
    assert main(arguments) == (0 if os.geteuid() == 0 else 4)
    if os.geteuid() == 0:
        assert "note: it lacks status" in capsys.readouterr().out
        assert "node.txt" in content(path)
        assert main(arguments) == 1


@pytest.mark.parametrize(
    "path",
    [
        "vrrp.authentication.passphrase",
        "vrrp.authentication.key",
        "vrrp.authentication.more_keys.2",
        "alarms.webhook.url",
        "alarms.webhook.token",
        "alarms.webhook.password",
        "alarms.webhook.body",
        "alarms.mail.password",
        "follow.pppoe[0].password",
        "follow.wireguard[0].private_key",
        "follow.wireguard[0].peers[1].preshared_key",
        "admin.password_hash",
        "hotwire.secret",
    ],
)
def test_each_secret_key_is_known_as_one(path: str) -> None:
    assert is_secret(path)


def test_every_secret_of_the_configuration_is_found() -> None:
    assert set(SECRETS.values()) | {WG[0], WG[2]} <= secrets_of(CLUSTER.encode())


def test_a_node_that_lacks_a_file_lacks_nothing_of_the_bundle(tmp_path: Path):
    (tmp_path / "node.toml").write_text(NODE)
    parts = {part.name: part for part in all_parts(tmp_path, tmp_path / "no.sock")}
    assert parts["cluster"].read(1.0) == "this node has no cluster.toml\n"
    assert parts["admin"].read(1.0) == "this node has no admin.toml\n"
    assert "alpha" in parts["node"].read(1.0)
    assert parts["history"].read(1.0) == f"this node has no {tmp_path}/daemon/history.jsonl\n"
    assert parts["cluster-files"].read(1.0) == "\n"
    (tmp_path / "cluster.toml").write_text("no TOML")
    with pytest.raises(HadaemonError, match="not TOML"):
        parts["cluster"].read(1.0)
