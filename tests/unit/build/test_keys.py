"""Signing as nodes verify it: what is refused before a build begins, and what an image is told to trust."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.build import keys
from firmware.build.keys import DEVELOPMENT_NAME, SigningKeys
from firmware.build.options import BuildOptions
from firmware.build.trust import Trust
from firmware.errors import FirmwareError
from firmware.keys import authority
from firmware.keys.authority import Authority, create, sealed_key, write_new_key

WORDS = "a passphrase of its own"
SYSTEM_CONF = (Path(__file__).resolve().parents[3] / "rootfs-overlay/etc/rauc/system.conf").read_text()
ALONE_FOR_CODE = (
    *("-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=codeSigning"),
    *("-addext", "keyUsage=critical,digitalSignature"),
)

Signing = Callable[..., SigningKeys]


def run(*words: str | Path, feed: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, words)], input=feed, capture_output=True, check=True).stdout


@pytest.fixture
def ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """With one signer, `new`."""
    monkeypatch.setattr(authority, "_ROUNDS", 2048)
    made = create(tmp_path / "ca", "Example", 7300, WORDS)
    made.issue("new", made.add_key("new", WORDS), 730, WORDS)
    return made


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, Path]:
    """As the manual had it at first: a certificate that is its own, and says nothing of its purpose."""
    return self_signed(tmp_path / "old")


def self_signed(place: Path, *more: str) -> tuple[Path, Path]:
    key, cert = place.with_suffix(".key.pem"), place.with_suffix(".cert.pem")
    command = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={place.name}", *more)
    run(*command, "-keyout", key, "-out", cert)
    return key, cert


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    """The keys, opened and tried out."""
    words = tmp_path / "words"
    words.touch(mode=0o600)
    words.write_text(f"{WORDS}\n")

    def open_keys(key: Path | str, cert: Path, *keyring: Path, **more: object) -> SigningKeys:
        ring = tuple(map(str, keyring))
        options = BuildOptions(key=str(key), cert=cert, keyring=ring, passphrase=words, **more)  # type: ignore[arg-type]
        return keys.signing_keys(options, tmp_path / "cache")

    return open_keys


def of(ca: Authority, name: str = "new") -> tuple[Path, Path]:
    return ca.key(name), ca.cert(name)


def test_a_signature_has_the_manifest_and_the_signers_certificate(ca: Authority, signing: Signing) -> None:
    manifest = b"[update]\ncompatible=x\n\n\0\r\n"
    signature = signing(*of(ca), ca.keyring).sign(manifest)
    read = ("cms", "-verify", "-noverify", "-binary", "-inform", "DER")
    assert run(*read, feed=signature) == manifest
    certificates = run("cms", "-cmsout", "-inform", "DER", "-print", feed=signature).decode()
    assert certificates.count("d.certificate:") == 1


def test_what_an_image_is_told(
    tmp_path: Path, ca: Authority, old: tuple[Path, Path], signing: Signing
) -> None:
    of_ca = ca.folder / "ca.cert.pem"
    alone, ring = old[1].read_text(), ca.keyring.read_text()
    assert signing(*old).trust == Trust(alone, "", False, False)
    assert signing(*of(ca), ca.keyring).trust == Trust(ring, "codesign", True, False)
    assert signing(*of(ca)).trust == Trust(ca.cert("new").read_text(), "codesign", False, True)
    both = signing(*old, old[1], of_ca).trust
    assert (both.purpose, both.checks_lists, both.allows_partial_chains) == ("any", False, False)
    assert "every certificate that the keyring leads to" in both.note
    assert signing(*of(ca), old[1], of_ca).trust == both, "whoever of the two signs"
    assert signing(*old, old[1], self_signed(tmp_path / "older")[1]).trust.purpose == ""


def test_the_section_of_the_configuration() -> None:
    assert Trust("", "", False, False).written_into(SYSTEM_CONF) == SYSTEM_CONF
    told = Trust("", "codesign", True, True).written_into(SYSTEM_CONF)
    wanted = "[keyring]\ncheck-purpose=codesign\ncheck-crl=true\nallow-partial-chain=true\npath=/etc/rauc/"
    assert wanted in told
    assert len(told.splitlines()) == len(SYSTEM_CONF.splitlines()) + 3


def test_what_is_between_a_signer_and_the_keyring_goes_along(
    tmp_path: Path, ca: Authority, signing: Signing
) -> None:
    """The keyring has the root alone, the file of the certificate also the CA below it."""
    root_key, root = self_signed(tmp_path / "root")
    public = tmp_path / "public"
    extensions = tmp_path / "extensions"
    extensions.write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
    public.write_bytes(run("x509", "-in", ca.folder / "ca.cert.pem", "-pubkey", "-noout"))
    request = run("req", "-new", "-key", root_key, "-subj", "/CN=Example")
    issuing = ("x509", "-req", "-CA", root, "-CAkey", root_key, "-extfile", extensions, "-days", "9")
    between = run(*issuing, "-force_pubkey", public, feed=request)
    with pytest.raises(FirmwareError, match="the certificate leads to none of the keyring"):
        signing(*of(ca), root)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(ca.cert("new").read_bytes() + between + root.read_bytes())
    found = signing(ca.key("new"), chain, root)
    assert found.chain.encode().strip() == between.strip(), "a root is no use to anybody who does not have it"


def test_what_no_node_would_take(
    tmp_path: Path, ca: Authority, old: tuple[Path, Path], signing: Signing
) -> None:
    ca.issue("other", ca.add_key("other", WORDS), 730, WORDS)
    ca.revoke("other", WORDS)
    cases: dict[str, tuple[Path | str, ...]] = {
        "the certificate is revoked by the keyring's list": (*of(ca, "other"), ca.keyring),
        "the certificate leads to none of the keyring": (*of(ca), old[1]),
        "the certificate is not in the keyring": (
            *self_signed(tmp_path / "own", *ALONE_FOR_CODE),
            ca.keyring,
        ),
        "its extended key usage does not have codeSigning": (
            *self_signed(tmp_path / "server", "-addext", "extendedKeyUsage=serverAuth"),
            ca.keyring,
        ),
        "the keyring has a revocation list, but none of CN=old": (*of(ca), old[1], ca.keyring),
        "key and certificate do not belong together": (old[0], ca.cert("new"), ca.keyring),
        "the certificate has expired": (*expired(tmp_path, ca), ca.keyring),
        "holds no certificate": (ca.key("new"), ca.key("new"), ca.keyring),
        "there is no private key in it that openssl could read": (ca.cert("new"), ca.cert("new"), ca.keyring),
    }
    told = {}
    for wanted, given in cases.items():
        with pytest.raises(FirmwareError) as caught:
            signing(*given)
        told[wanted] = caught.value
    assert {wanted: str(error) for wanted, error in told.items() if wanted not in error.what} == {}
    assert all(error.where and error.todo and "\n" not in error.what for error in told.values())


def expired(folder: Path, ca: Authority) -> tuple[Path, Path]:
    """A signer whose certificate ended yesterday."""
    key, cert, extensions = folder / "late.key.pem", folder / "late.cert.pem", folder / "late.ext"
    write_new_key(key, sealed_key("signer", WORDS))
    secret = ("-passin", f"pass:{WORDS}")
    request = run("req", "-new", "-key", key, *secret, "-subj", "/CN=late")
    extensions.write_text("keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,codeSigning\n")
    issuing = ("-CA", ca.folder / "ca.cert.pem", "-CAkey", ca.folder / "ca.key.pem", *secret)
    made = run("x509", "-req", *issuing, "-extfile", extensions, "-days", "-1", feed=request)
    cert.write_bytes(made)
    return key, cert


@pytest.mark.parametrize(
    "extensions,told",
    [
        ("extendedKeyUsage=codeSigning", "key usage is not a critical digitalSignature"),
        ("keyUsage=digitalSignature\nextendedKeyUsage=codeSigning", "not a critical digitalSignature"),
        ("keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning,serverAuth", "a server's as well"),
        ("keyUsage=critical,digitalSignature,keyCertSign\nextendedKeyUsage=codeSigning", "sign certificates"),
        ("keyUsage=critical,digitalSignature", "does not have codeSigning"),
    ],
)
def test_a_purpose_that_a_node_would_refuse(
    tmp_path: Path, ca: Authority, signing: Signing, extensions: str, told: str
) -> None:
    key, file = tmp_path / "some.key.pem", tmp_path / "extensions"
    file.write_text(extensions)
    run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    request = run("req", "-new", "-key", key, "-subj", "/CN=some")
    issuing = (
        "-CA",
        ca.folder / "ca.cert.pem",
        "-CAkey",
        ca.folder / "ca.key.pem",
        "-passin",
        f"pass:{WORDS}",
    )
    cert = tmp_path / "some.cert.pem"
    cert.write_bytes(run("x509", "-req", *issuing, "-extfile", file, "-days", "9", feed=request))
    with pytest.raises(FirmwareError, match=told):
        signing(key, cert, ca.keyring)


def test_a_wrong_passphrase_is_told_before_anything_is_built(
    tmp_path: Path, ca: Authority, signing: Signing
) -> None:
    (tmp_path / "words").write_text("not these\n")
    with pytest.raises(FirmwareError, match="cannot sign: the passphrase is wrong") as caught:
        signing(*of(ca), ca.keyring)
    assert caught.value.where == f"--key {ca.key('new')}"


def test_the_child_is_told_of_no_key(tmp_path: Path, ca: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where it is, but to hide it, nor its passphrase; and it hides all that is secret."""
    from firmware.build import image

    monkeypatch.setattr(image.paths, "CACHE", tmp_path / "cache")
    (tmp_path / "cache/keys").mkdir(parents=True)
    link = tmp_path / "link.pem"
    link.symlink_to(ca.key("new"))
    words = tmp_path / "words"
    words.write_text(WORDS)
    options = BuildOptions(
        key=str(link), cert=ca.cert("new"), keyring=(str(ca.keyring),), passphrase=words, source_date_epoch=1
    )
    asked = image.request("build", options, "id", keys.trusted(options, tmp_path / "cache"))
    hidden = asked.pop("hidden")
    assert hidden == [str(tmp_path / "cache/keys"), str(ca.key("new")), str(words)]
    assert WORDS not in str(asked)
    assert "link.pem" not in str(asked)
    assert "PRIVATE" not in str(asked)


def test_a_key_in_a_folder_that_is_hidden_is_hidden_once(tmp_path: Path) -> None:
    place = tmp_path / "keys"
    place.mkdir()
    (place / "development.key.pem").touch()
    named = BuildOptions(key=str(place / "development.key.pem"), passphrase=place / "development.key.pem")
    assert keys.secret_places(named, tmp_path) == [place]


def test_a_place_for_development_keys_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    with pytest.raises(FirmwareError, match="the development keys cannot be reached: ") as caught:
        keys.signing_keys(BuildOptions(), tmp_path)
    assert str(tmp_path / "keys") in caught.value.where
    assert "HOTSPARE_CACHE" in caught.value.todo


def test_development_keys_make_themselves_once_and_sign_no_release(
    tmp_path: Path, ca: Authority, signing: Signing
) -> None:
    cache = tmp_path / "cache"
    made = keys.signing_keys(BuildOptions(), cache)
    made.try_out()
    assert made.trust.keyring == (cache / "keys/development.cert.pem").read_text()
    assert (cache / "keys/development.key.pem").stat().st_mode & 0o777 == 0o600
    assert keys.signing_keys(BuildOptions(), cache) == made
    assert DEVELOPMENT_NAME in made.cert.subject
    own = (cache / "keys/development.key.pem", cache / "keys/development.cert.pem")
    for given in (own, (*of(ca), ca.folder / "ca.cert.pem", own[1])):
        with pytest.raises(FirmwareError, match="this is a development certificate"):
            signing(*given, release=True)
