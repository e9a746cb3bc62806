"""A CA in a folder: what it makes, what it never does, and what it says when it cannot."""

import os
import stat
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from firmware.errors import FirmwareError
from firmware.keys import authority as authority_module
from firmware.keys import openssl as programs
from firmware.keys import passphrase as asking
from firmware.keys.authority import Authority
from firmware.keys.certificates import certificates, list_issuers
from firmware.keys.keys import keys
from firmware.keys.options import KeysOptions

FEW_ROUNDS = 2048
"""For the tests, which try no passphrases."""
OF_CA, OF_SIGNER = "the CA's own words", "the signer's own words"


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert authority_module._ROUNDS >= 600_000
    monkeypatch.setattr(authority_module, "_ROUNDS", FEW_ROUNDS)


def make(folder: Path, **options: object) -> list[str]:
    """The task, with passphrases from files."""
    given = {"ca_passphrase": OF_CA, "passphrase": OF_SIGNER}
    for name, words in given.items():
        file = folder / name
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(f"{words}\n")
    files = {name: folder / name for name in given}
    return keys(KeysOptions(folder / "ca", **(files | options)))  # type: ignore[arg-type]


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    """One with the signers a and b."""
    make(tmp_path)
    make(tmp_path, signer="a")
    make(tmp_path, signer="b", days=30)
    return Authority(tmp_path / "ca")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def show(*words: str | Path) -> str:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=True).stdout


def verdict(ca: Authority, name: str) -> str:
    """What OpenSSL makes of a signer's certificate, with the keyring alone."""
    command = ("openssl", "verify", "-crl_check_all", "-no-CApath", "-no-CAstore", "-CAfile", ca.keyring)
    done = subprocess.run([*command, ca.cert(name)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_signer_may_sign_code_and_nothing_else(ca: Authority) -> None:
    (authority,) = certificates((ca.folder / "ca.cert.pem").read_text(), "")
    assert authority.is_ca
    assert authority.uses == {"Certificate Sign", "CRL Sign"}
    (signer,) = certificates(ca.cert("a").read_text(), "")
    assert signer.why_not_to_sign == ""
    assert not signer.is_ca
    assert signer.issuer == authority.subject == "CN=Hotspare releases"
    assert "OK" in verdict(ca, "a")
    text = show("x509", "-in", ca.cert("a"), "-noout", "-text")
    assert "prime256v1" in text
    assert "ecdsa-with-SHA256" in text
    assert "secp384r1" in show("x509", "-in", ca.folder / "ca.cert.pem", "-noout", "-text")


def test_private_keys_are_sealed_and_for_their_owner_alone(ca: Authority) -> None:
    private = [ca.folder / "ca.key.pem", ca.key("a"), ca.key("b")]
    for key in private:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert stat.S_IMODE(ca.folder.stat().st_mode) == 0o700
    seal = show("asn1parse", "-in", ca.key("a"))
    assert "aes-256-cbc" in seal
    assert f":{FEW_ROUNDS:04X}\n" in seal
    for path in ca.folder.rglob("*"):
        assert path.is_dir() or path in private or "PRIVATE" not in path.read_text()


def test_how_long_it_is_valid_is_said_by_days(ca: Authority) -> None:
    now = time.time()
    days = {each.name: _days(each.end, now) for each in ca.issued()}
    assert days == {"a": 730, "b": 30}


def _days(end: str, now: float) -> int:
    return round((datetime.fromisoformat(f"{end}T12:00:00+00:00").timestamp() - now) / 86400 + 0.01)


def test_the_list_is_as_long_valid_as_its_ca(ca: Authority) -> None:
    assert list_issuers(ca.keyring.read_text(), "") == ["CN=Hotspare releases"]
    valid = ("-noout", "-dateopt", "iso_8601")
    of_ca = show("x509", "-in", ca.folder / "ca.cert.pem", "-dates", *valid)
    of_list = show("crl", "-in", ca.folder / "crl.pem", "-lastupdate", "-nextupdate", *valid)
    assert [line.partition("=")[2] for line in of_ca.splitlines()] == [
        line.partition("=")[2] for line in of_list.splitlines()
    ]


def test_who_is_revoked_is_so_with_all_his_certificates(ca: Authority, tmp_path: Path) -> None:
    first = ca.cert("b").read_text()
    make(tmp_path, renew="b")
    assert ca.cert("b").read_text() != first
    said = make(tmp_path, revoke="b")
    assert "an update that has this keyring" in said[1]
    assert "certificate revoked" in verdict(ca, "b")
    ca.cert("b").write_text(first)
    assert "certificate revoked" in verdict(ca, "b")
    assert "OK" in verdict(ca, "a")
    for again in ("renew", "revoke"):
        with pytest.raises(FirmwareError, match="b is revoked, and its key with it"):
            make(tmp_path, **{again: "b"})
    shown = make(tmp_path)
    assert [line.split()[:2] for line in shown] == [["a", "until"], ["b", "revoked"], ["b", "revoked"]]


def test_a_renewed_certificate_is_of_the_same_key_and_both_are_valid(ca: Authority, tmp_path: Path) -> None:
    first, key = ca.cert("b").read_text(), ca.key("b").read_bytes()
    make(tmp_path, renew="b", days=400)
    second = ca.cert("b").read_text()
    assert ca.key("b").read_bytes() == key
    places = [tmp_path / "first.pem", tmp_path / "second.pem"]
    for place, text in zip(places, (first, second), strict=True):
        place.write_text(text)
    public = {show("x509", "-in", place, "-noout", "-pubkey") for place in places}
    assert len(public) == 1
    ca.cert("b").write_text(first)
    assert "OK" in verdict(ca, "b")


def test_a_key_that_there_is_gets_a_certificate_and_no_copy(tmp_path: Path) -> None:
    make(tmp_path)
    own = tmp_path / "own.pem"
    show("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072", "-out", own)
    said = make(tmp_path, signer="a", key=str(own))
    ca = Authority(tmp_path / "ca")
    assert f"--key {own} --cert {ca.cert('a')} --keyring {ca.keyring}" in said[0]
    assert not ca.key("a").exists()
    assert show("pkey", "-in", own, "-pubout") == show("x509", "-in", ca.cert("a"), "-noout", "-pubkey")


@pytest.mark.parametrize(
    "options,told",
    [
        ({"signer": "a"}, "there is a signer a already"),
        ({"renew": "c"}, "there is no signer c"),
        ({"revoke": "c"}, "there is no signer c"),
        ({"signer": "c", "revoke": "a"}, "one thing at a time"),
        ({"key": "k.pem"}, "a key is for a signer"),
        ({"signer": "c", "key": "/no/key"}, "/no/key cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    ca: Authority, tmp_path: Path, options: dict[str, str], told: str
) -> None:
    before = {name: (ca.folder / name).read_bytes() for name in files(ca.folder)}
    with pytest.raises(FirmwareError, match=told):
        make(tmp_path, **options)
    assert {name: (ca.folder / name).read_bytes() for name in files(ca.folder)} == before


def test_a_wrong_passphrase_is_told_and_leaves_no_key(ca: Authority, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("something else\n")
    before = files(ca.folder)
    with pytest.raises(FirmwareError, match="the passphrase is wrong") as caught:
        make(tmp_path, signer="c", ca_passphrase=wrong)
    assert caught.value.where == str(ca.folder / "ca.key.pem")
    assert files(ca.folder) - before <= {"c.csr.pem"}
    make(tmp_path, signer="c")
    assert "OK" in verdict(ca, "c")


def test_nothing_is_written_over_a_key(ca: Authority, tmp_path: Path) -> None:
    ca.key("c").write_text("whose may this be?")
    with pytest.raises(FirmwareError, match="there is a signer c already"):
        make(tmp_path, signer="c")
    assert ca.key("c").read_text() == "whose may this be?"


def test_a_ca_is_made_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise FirmwareError("the list cannot be made")

    monkeypatch.setattr(Authority, "_write_list", fail)
    with pytest.raises(FirmwareError, match="the list cannot be made"):
        make(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca_passphrase", "passphrase"]


@pytest.mark.parametrize(
    "words,mode,told",
    [
        ("short", 0o600, "is too short"),
        ("", 0o600, "is empty"),
        ("x" * 2000, 0o600, "is too long"),
        ("long enough", 0o644, "can be read by others"),
    ],
)
def test_a_passphrase_that_cannot_be_one(tmp_path: Path, words: str, mode: int, told: str) -> None:
    file = tmp_path / "words"
    file.write_text(words)
    file.chmod(mode)
    with pytest.raises(FirmwareError, match=told):
        make(tmp_path, ca_passphrase=file)
    assert not (tmp_path / "ca").exists()


def test_a_passphrase_comes_through_a_descriptor_too(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, f"{OF_CA}\n".encode())
    os.close(writer)
    make(tmp_path, ca_passphrase=Path(f"/dev/fd/{reader}"))
    os.close(reader)
    make(tmp_path, signer="a")


def test_who_types_a_new_passphrase_types_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["long enough", "long enough", "long enough", "not the same"])
    monkeypatch.setattr(asking.getpass, "getpass", lambda _: next(typed))
    monkeypatch.setattr(asking.sys.stdin, "isatty", lambda: True, raising=False)
    assert asking.new_passphrase("it", None, "--passphrase") == "long enough"
    with pytest.raises(FirmwareError, match="typed in two ways"):
        asking.new_passphrase("it", None, "--passphrase")


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking.sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(FirmwareError, match="no terminal to ask at") as caught:
        asking.passphrase("it", None, "--passphrase")
    assert "--passphrase /dev/fd/3" in caught.value.todo


def test_what_is_missing_for_tokens_is_named(
    ca: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same openssl, but neither with an engine for them nor with a provider."""
    fake = tmp_path / "bin/openssl"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\ncase "$*" in *pkcs11*) exit 1;; esac\nexec /usr/bin/openssl "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    programs._has_engine.cache_clear()
    with pytest.raises(FirmwareError, match="cannot reach keys in tokens") as caught:
        make(tmp_path, signer="c", key="pkcs11:token=releases;object=signer")
    programs._has_engine.cache_clear()
    assert "libengine-pkcs11-openssl" in caught.value.todo
