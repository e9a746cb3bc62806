"""The task `keys`: asks what it needs, has the CA do one thing, and says what to do with it."""

import shlex
from pathlib import Path

from firmware.errors import FirmwareError
from firmware.keys.authority import Authority, create
from firmware.keys.openssl import Key, is_sealed
from firmware.keys.options import CA_DAYS, SIGNER_DAYS, KeysOptions
from firmware.keys.passphrase import new_passphrase, passphrase

_CA_OPTION, _OPTION = "--ca-passphrase", "--passphrase"


def keys(options: KeysOptions) -> list[str]:
    """Returns the lines to show. Raises FirmwareError."""
    verbs = [name for name in ("signer", "renew", "revoke") if getattr(options, name)]
    if len(verbs) > 1:
        raise FirmwareError(
            "one thing at a time", where=", ".join(f"--{name}" for name in verbs), todo="give one of them"
        )
    if options.key and not options.signer:
        raise FirmwareError("a key is for a signer", where="--key", todo="give --signer NAME as well")
    authority = Authority(options.ca)
    if not verbs:
        return _shown(authority) if (options.ca / "index.txt").exists() else _created(options)
    authority.issued()  # or there is no CA
    if options.signer:
        return _issued(authority, options)
    authority.refuse_revoked(options.renew or options.revoke)
    if options.renew:
        authority.renew(options.renew, options.days or SIGNER_DAYS, _ca_passphrase(options))
        return [f"{authority.cert(options.renew)} is new; the earlier one stays valid until its end"]
    authority.revoke(options.revoke, _ca_passphrase(options))
    return [
        f"{options.revoke} is revoked in {authority.keyring}",
        "nodes learn of it by an update that has this keyring (--keyring)",
    ]


def _created(options: KeysOptions) -> list[str]:
    secret = new_passphrase("the CA's key", options.ca_passphrase, _CA_OPTION)
    authority = create(options.ca, options.owner, options.days or CA_DAYS, secret)
    return [
        f"{options.ca} is a CA: keep the folder where nobody else can read it, and a copy of it elsewhere",
        f"{authority.keyring} is what images are to trust (--keyring)",
    ]


def _issued(authority: Authority, options: KeysOptions) -> list[str]:
    name = options.signer
    authority.refuse_known(name)
    secret = _ca_passphrase(options)
    if options.key:
        made: list[Path] = []
        key = _present_key(options)
    else:
        key = authority.add_key(name, new_passphrase(f"{name}'s key", options.passphrase, _OPTION))
        made = [Path(key.place)]
    try:
        authority.issue(name, key, options.days or SIGNER_DAYS, secret)
    except BaseException:
        for place in made:
            place.unlink()
        raise
    files = f"--cert {authority.cert(name)} --keyring {authority.keyring}"
    return [f"{name} can sign: --key {shlex.quote(key.place)} {files}"]


def _present_key(options: KeysOptions) -> Key:
    key = Key(options.key)
    if key.in_token:
        return Key(options.key, passphrase("the token (PIN)", options.passphrase, _OPTION))
    try:
        sealed = is_sealed(Path(options.key))
    except OSError as error:
        raise FirmwareError(f"{options.key} cannot be read: {error.strerror}", where="--key") from error
    return Key(options.key, passphrase(options.key, options.passphrase, _OPTION)) if sealed else key


def _ca_passphrase(options: KeysOptions) -> str:
    return passphrase("the CA's key", options.ca_passphrase, _CA_OPTION)


def _shown(authority: Authority) -> list[str]:
    found = authority.issued()
    width = max((len(each.name) for each in found), default=0)
    lines = [
        f"{each.name:<{width}}  {'revoked' if each.is_revoked else f'until {each.end}'}  {each.serial}"
        for each in found
    ]
    return lines or [f"{authority.folder} has no signer yet: give --signer NAME"]
