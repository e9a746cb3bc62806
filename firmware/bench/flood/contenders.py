"""Ours as on the image, ours without its rule set, and the peer, each without and with signatures."""

from firmware.bench.failover.daemons import Daemon, Hadaemon, Keepalived
from firmware.lab.deadline import Deadline, wait_until

KEY = bytes(range(32)).hex()
KEY_ID = 1
_SIGNED = f'[vrrp.authentication]\ntype = "hmac"\nmode = "enforce"\nkey = "hex:{KEY}"\n'
_TABLE = ("table", "inet", "hotspare")
_START = 20.0


class Guarded(Hadaemon):
    """The daemon loads its rule set, and has a filter on its sockets."""

    def wait_ready(self) -> None:
        """The rules are loaded."""
        wait_until(
            lambda: "firewall: rules loaded for lan" in self.log_text,
            Deadline(_START),
            "rules for both ports",
            str(self.log),
            interval=0.02,
        )


class Bare(Guarded):
    """The filter on its sockets alone."""

    name = "hadaemon, without rules"

    def wait_ready(self) -> None:
        """The rules are loaded, and are gone again."""
        super().wait_ready()
        self.node.namespace.run("nft", "delete", *_TABLE)


class Signed(Guarded):
    """As on the image; only signed advertisements count."""

    def _files(self) -> dict[str, str]:
        return with_signatures(super()._files())


class SignedBare(Bare):
    """The filter alone; only signed advertisements count."""

    def _files(self) -> dict[str, str]:
        return with_signatures(super()._files())


def with_signatures(files: dict[str, str]) -> dict[str, str]:
    """The daemon's files, with `enforce` in cluster.toml."""
    return {**files, "cluster.toml": files["cluster.toml"] + _SIGNED}


OPEN: tuple[type[Daemon], ...] = (Guarded, Bare, Keepalived)
SIGNED: tuple[type[Daemon], ...] = (Signed, SignedBare, Keepalived)
"""This version of keepalived signs nothing: it is as it was."""
