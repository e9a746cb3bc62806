"""The `nft` command: tries a rule set, or loads it in one transaction.

It runs as whoever calls it, with the text on standard input. The daemon calls it itself, not the root helper:
it has CAP_NET_ADMIN anyway, which is all that nftables asks for, and what administrators wrote in their
snippets is parsed without any right over files. Blocking.
"""

import subprocess

from hadaemon.io.errors import EdgeError

NFT = "/usr/sbin/nft"
_TIMEOUT = 30.0
"""Seconds: a rule set of thousands of rules on a slow box. The kernel takes all of it, or nothing."""
_NOT_ALLOWED = "Operation not permitted"


class NftError(EdgeError):
    """The rule set was refused; `output` is what nft said. What was loaded before still counts."""

    def __init__(self, output: str) -> None:
        super().__init__(f"nft: {' '.join(output.split())[:300]}")
        self.output = output


class NftMissing(EdgeError):
    """There is no nft, or this process may not use it: nothing is known of the rule set."""


def try_rules(text: str) -> None:
    """Would it load? Raises NftError, NftMissing."""
    _nft(text, "--check")


def load_rules(text: str) -> None:
    """Loads it, whole or not at all. Raises NftError, NftMissing."""
    _nft(text)


def _nft(text: str, *options: str) -> None:
    try:
        done = subprocess.run(
            [NFT, *options, "--file", "-"],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            env={"LC_ALL": "C.UTF-8"},
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise NftMissing(f"{NFT}: there is none: install nftables") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NftMissing(f"nft: {error}") from error
    if done.returncode != 0:
        if _NOT_ALLOWED in done.stderr:
            raise NftMissing("nft: only root may try a rule set")
        raise NftError(done.stderr or f"ended with {done.returncode}")
