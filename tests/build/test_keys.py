"""The key that signs: no hook sees it, no killed build leaves it, and nodes change over to another one."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware.build import sandbox
from firmware.build.keys import SigningKeys
from firmware.build.trust import trust_of
from firmware.keys.authority import Authority, create
from firmware.keys.certificates import certificates
from firmware.keys.openssl import Key
from firmware.lab.deadline import stretched
from tests.lab.forged import forge

from .test_content import read
from .test_failures import processes_about, wait_until

Start = Callable[..., "subprocess.Popen[str]"]
Build = Callable[..., dict[str, Path]]

WORDS = "a passphrase for a test"
LOOKING = """\
#!/bin/sh
set +e
{{
    echo "$BASE_DIR" "$@"
    for file in "{key}" "{words}" "{cache}/keys/"*; do cat "$file"; done
    umount "{key}"; umount "{cache}/keys"; mount -t tmpfs none /mnt && echo "may mount"
    for process in /proc/[0-9]*; do
        cat $process/environ $process/root/{key} $process/root/{words} $process/fd/*/{name}
    done
    find "$BASE_DIR" -xdev -type f -size -64k -exec grep -lF -e "{line}" -e "{secret}" {{}} +
    find / -xdev -name "{name}" -exec cat {{}} +
    env
}} </dev/null >"{cache}/seen" 2>&1
touch "{cache}/asleep"
sleep 600
"""
"""A hook that looks wherever a key could be, tells what it saw, and waits for the end of the build."""


def openssl(*words: str | Path) -> bytes:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, check=True).stdout


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    """As the manual had it at first."""
    key, cert = folder / f"{name}.key.pem", folder / f"{name}.cert.pem"
    command = ("req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "7300", "-subj", f"/CN={name}")
    openssl(*command, "-keyout", key, "-out", cert)
    return key, cert


def with_words(folder: Path) -> Path:
    file = folder / "words"
    file.touch(mode=0o600)
    file.write_text(f"{WORDS}\n")
    return file


def test_no_hook_sees_the_key_and_no_killed_build_leaves_it(
    start: Start, checkout: Path, cache: Path
) -> None:
    """It lies in the checkout, the worst place: hooks see that."""
    key, cert = self_signed(checkout, "release")
    words = with_words(checkout)
    development = cache / "keys/development.key.pem"
    if not development.exists():
        development.parent.mkdir(mode=0o700, exist_ok=True)
        self_signed(cache / "keys", "development")
    lines = [place.read_text().splitlines()[5] for place in (key, development)]
    hook = checkout / "board/common/post-image.sh"
    looking = LOOKING.format(key=key, name=key.name, words=words, cache=cache, line=lines[0], secret=lines[1])
    hook.write_text(looking)
    process = start(checkout, key=str(key), cert=str(cert), passphrase=str(words))
    try:
        wait_until(lambda: (cache / "asleep").exists(), 600, process)
        seen = (cache / "seen").read_text(errors="replace")
        assert str(cache / "work") in seen
        assert f"BASE_DIR={cache / 'work'}" in seen
        found = [line for line in (*lines, WORDS, "PRIVATE KEY", "may mount") if line in seen]
        assert found == []
        hook.unlink()
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=stretched(60))
        wait_until(lambda: not processes_about(checkout, cache), 30)
    finally:
        for name in ("seen", "asleep"):
            (cache / name).unlink(missing_ok=True)
    assert copies(lines, checkout, cache, Path(tempfile.gettempdir()).glob("hotspare-*")) == sorted(
        [key, development]
    )


def copies(lines: list[str], checkout: Path, cache: Path, *others: object) -> list[Path]:
    """Files with a line of a key. Layers are made before a build knows of any."""
    found = []
    for top in (checkout, cache, *(path for each in others for path in each)):  # type: ignore[attr-defined]
        for folder, names, files in os.walk(top):
            if Path(folder) == cache:
                names.remove("layers")
            for name in files:
                path = Path(folder) / name
                if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 16:
                    text = path.read_bytes()
                    if any(line.encode() in text for line in lines):
                        found.append(path)
    return sorted(found)


@dataclass(frozen=True)
class Release:
    """What one image tells its RAUC, as it is in the image, and the bundle that was built with it."""

    rules: Path
    bundle: Path


def kept(results: dict[str, Path], cache: Path, folder: Path) -> Release:
    """The disk of the next build takes the place of this one's."""
    folder.mkdir()
    image = results["raw_image"]
    for name in ("system.conf", "keyring.pem"):
        (folder / name).write_text(read(image, cache, f"etc/rauc/{name}"))
    return Release(folder, results["bundle"].rename(folder / "update.raucb"))


def takes(node: Release, bundle: Path, cache: Path) -> bool:
    """Whether RAUC verifies a bundle with the configuration and the keyring of an image."""
    return refusal(node.rules, bundle, cache) == ""


def refusal(rules: Path, bundle: Path, cache: Path) -> str:
    """What RAUC has against the signature of a bundle."""
    tools = next(cache.glob("layers/tools-*"))
    script = (
        'mount --bind "$1" "$3/mnt"; mount --bind "$2" "$3/media"; mount -t proc proc "$3/proc"; '
        'exec chroot "$3" rauc --conf=/mnt/system.conf --confopt=keyring:path=/mnt/keyring.pem '
        'info "/media/$4"'
    )
    words = [str(rules), str(bundle.parent), str(tools), bundle.name]
    done = subprocess.run(
        [*sandbox.namespace_command(), "sh", "-ec", script, "sh", *words],
        env=sandbox.child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"signature verification failed: Verify error: (.*)", done.stderr)
    assert done.returncode == 0 or found, done.stderr
    return found[1] if found else ""


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    made = create(tmp_path / "ca", "Example", 7300, WORDS)
    made.issue("new", made.add_key("new", WORDS), 730, WORDS)
    made.issue("lost", made.add_key("lost", WORDS), 730, WORDS)
    made.revoke("lost", WORDS)
    return made


@pytest.mark.nightly
def test_nodes_change_over_to_another_key_and_back(
    build: Build, checkout: Path, cache: Path, tmp_path: Path, ca: Authority
) -> None:
    """The steps of docs/building.md: from a certificate that is its own, over both, to a CA alone."""
    old_key, old_cert = self_signed(tmp_path, "old")
    of_ca = ca.folder / "ca.cert.pem"
    old = {"key": str(old_key), "cert": str(old_cert)}
    new = {"key": str(ca.key("new")), "cert": str(ca.cert("new")), "passphrase": str(with_words(tmp_path))}

    def release(version: str, signer: dict[str, str], *keyring: Path) -> Release:
        ring = {"keyring": [str(path) for path in keyring]}
        return kept(build(checkout, version=version, **signer, **ring), cache, tmp_path / version)

    first = release("1.0.0", old)
    second = release("2.0.0", old, old_cert, of_ca)
    third = release("3.0.0", new, ca.keyring)
    again = release("2.0.1", new, old_cert, of_ca)
    releases = (first, second, third, again)
    assert [[takes(node, each.bundle, cache) for each in releases] for node in releases] == [
        [True, True, False, False],
        [True, True, True, True],
        [False, False, True, True],
        [True, True, True, True],
    ]
    assert "check-crl=true\n" in (third.rules / "system.conf").read_text()
    for name, node in (("codesign", third), ("any", second), ("any", again)):
        assert f"check-purpose={name}\n" in (node.rules / "system.conf").read_text()


SYSTEM_CONF = "[system]\ncompatible=x\nbootloader=noop\nbundle-formats=verity\n[keyring]\npath=/nothing\n"


def opened(ca: Authority, name: str, keyring: str, chain: str = "") -> SigningKeys:
    (cert,) = certificates(ca.cert(name).read_text(), "")
    return SigningKeys(Key(str(ca.key(name)), WORDS), cert, chain, trust_of(keyring, cert, ""))


def said_to(keys: SigningKeys, folder: Path, cache: Path) -> str:
    """By RAUC, to a small bundle that these keys have signed, with what they have an image trust."""
    folder.mkdir()
    (folder / "system.conf").write_text(keys.trust.written_into(SYSTEM_CONF))
    (folder / "keyring.pem").write_text(keys.trust.keyring)
    (folder / "small.raucb").write_bytes(forge(keys, "x", "1"))
    return refusal(folder, folder / "small.raucb", cache)


def test_what_rauc_makes_of_a_signature(
    tmp_path: Path, cache: Path, ca: Authority, request: pytest.FixtureRequest
) -> None:
    """The certificates between a signer and the keyring are in the bundle, and the list counts."""
    if not any(cache.glob("layers/tools-*")):
        request.getfixturevalue("built")
    root_key, root = self_signed(tmp_path, "root")
    public, extensions = tmp_path / "public", tmp_path / "extensions"
    extensions.write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
    asked, between = tmp_path / "request", tmp_path / "between.pem"
    public.write_bytes(openssl("x509", "-in", ca.folder / "ca.cert.pem", "-pubkey", "-noout"))
    openssl("req", "-new", "-key", root_key, "-subj", "/CN=Example", "-out", asked)
    issuing = ("-CA", root, "-CAkey", root_key, "-extfile", extensions, "-days", "9")
    openssl("x509", "-req", "-in", asked, *issuing, "-force_pubkey", public, "-out", between)
    ring, of_root = ca.keyring.read_text(), root.read_text()
    cases = {
        "good": opened(ca, "new", ring),
        "revoked": opened(ca, "lost", ring),
        "pinned": opened(ca, "new", ca.cert("new").read_text()),
        "another": opened(ca, "lost", ca.cert("new").read_text()),
        "between": opened(ca, "new", of_root, between.read_text()),
        "gap": opened(ca, "new", of_root),
    }
    assert {name: said_to(keys, tmp_path / name, cache) for name, keys in cases.items()} == {
        "good": "",
        "revoked": "certificate revoked",
        "pinned": "",
        "another": "unable to get local issuer certificate",
        "between": "",
        "gap": "unable to get local issuer certificate",
    }
