"""The `nft` command: tries a rule set, or loads it in one transaction.

It runs as whoever calls it, with the text on standard input. The daemon calls it itself, not the root helper:
it has CAP_NET_ADMIN anyway, which is all that nftables asks for, and what administrators wrote in their
snippets is parsed without any right over files. Blocking.
"""

from hadaemon.io.errors import EdgeError
from hadaemon.io.programs.run import ProgramError, run_program

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
    command = (NFT, *options, "--file", "-")
    try:
        run_program(*command, data=text.encode(), environment={"LC_ALL": "C.UTF-8"}, timeout=_TIMEOUT)
    except ProgramError as error:
        if error.status is None:
            raise NftMissing(str(error)) from error
        if _NOT_ALLOWED in error.said:
            raise NftMissing("nft: only root may try a rule set") from error
        raise NftError(error.said or f"ended with {error.status}") from error
