"""A key in a token (PKCS#11): it gets its certificate and signs, and never leaves it. The token is SoftHSM.

Everything of it is in a copy of the tools tree, whose openssl takes the place of the host's.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware import paths
from firmware.build import sandbox
from firmware.build.keys import SigningKeys, signing_keys
from firmware.build.options import BuildOptions
from firmware.errors import FirmwareError
from firmware.keys import openssl
from firmware.keys.authority import Authority, create
from firmware.keys.keys import keys
from firmware.keys.options import KeysOptions

PACKAGES = ("softhsm2", "libengine-pkcs11-openssl")
URI = "pkcs11:token=releases;object=signer;type=private"
PIN, WORDS = "87654321", "a passphrase for a test"
INSIDE = """\
tree=$1; shift
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --bind "$(readlink -f /etc/resolv.conf)" "$tree/etc/resolv.conf"
for folder in $SHARED; do mkdir -p "$tree$folder"; mount --rbind "$folder" "$tree$folder"; done
exec chroot "$tree" env --chdir="$PWD" "$@"
"""
TOKEN = """\
apt-get update -qq
apt-get install -y -qq --no-install-recommends {packages}
softhsm2-util --init-token --free --label releases --so-pin 12345678 --pin {pin}
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out /run/signer.pem
softhsm2-util --import /run/signer.pem --token releases --label signer --id 01 --pin {pin}
rm /run/signer.pem
"""


@pytest.fixture
def tree(tmp_path: Path, cache: Path, request: pytest.FixtureRequest) -> Path:
    """The tools, with a token in them."""
    place = tmp_path / "tree"
    if not any(cache.glob("layers/tools-*")):
        request.getfixturevalue("built")
    tools = next(cache.glob("layers/tools-*"))
    subprocess.run([*sandbox.namespace_command(), "cp", "--archive", tools, place], check=True)
    shared = " ".join({tempfile.gettempdir(), str(tmp_path)})
    inside = [*sandbox.namespace_command(), "sh", "-ec", INSIDE, "sh", str(place)]
    environment = {**sandbox.child_environment(), "SHARED": shared, "DEBIAN_FRONTEND": "noninteractive"}
    made = subprocess.run(
        [*inside, "sh", "-ec", TOKEN.format(packages=" ".join(PACKAGES), pin=PIN)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return place


@pytest.fixture
def token(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`openssl` is the one in the tree."""
    folder = tmp_path / "bin"
    folder.mkdir()
    entering = subprocess.list2cmdline(sandbox.namespace_command())
    (folder / "inside").write_text(INSIDE)
    program = folder / "openssl"
    program.write_text(f'#!/bin/sh\nexec {entering} sh -e "{folder}/inside" "{tree}" /usr/bin/openssl "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("SHARED", " ".join({tempfile.gettempdir(), str(tmp_path)}))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}:{sandbox.SYSTEM_PATH}")
    openssl._has_engine.cache_clear()
    yield
    openssl._has_engine.cache_clear()


def words(folder: Path, text: str) -> Path:
    file = folder / text.replace(" ", "-")
    file.touch(mode=0o600)
    file.write_text(f"{text}\n")
    return file


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return create(tmp_path / "ca", "Example", 7300, WORDS)


def sign_with(ca: Authority, pin: Path, uri: str = URI) -> SigningKeys:
    options = BuildOptions(key=uri, cert=ca.cert("hsm"), keyring=(str(ca.keyring),), passphrase=pin)
    return signing_keys(options, paths.CACHE)


@pytest.mark.nightly
def test_a_key_in_a_token_signs(token: None, ca: Authority, tmp_path: Path) -> None:
    pin = words(tmp_path, PIN)
    said = keys(
        KeysOptions(ca.folder, signer="hsm", key=URI, passphrase=pin, ca_passphrase=words(tmp_path, WORDS))
    )
    assert said[0].startswith(f"hsm can sign: --key '{URI}' --cert ")
    signature = sign_with(ca, pin).sign(b"manifest\n")
    read = ("/usr/bin/openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any")
    verified = subprocess.run(
        [*read, "-CAfile", ca.keyring], input=signature, capture_output=True, check=True
    )
    assert verified.stdout == b"manifest\n"
    with pytest.raises(FirmwareError, match="the PIN is wrong"):
        sign_with(ca, words(tmp_path, "11111111"))
    with pytest.raises(FirmwareError, match="the token has no such key"):
        sign_with(ca, pin, URI.replace("signer", "nobody"))
    with pytest.raises(FirmwareError, match="there is no such token"):
        sign_with(ca, pin, URI.replace("releases", "other"))
