"""The `dnsmasq` command: would it take this configuration? It runs as whoever calls it, and opens nothing."""

from hadaemon.io.programs.asked import Asked, asked

DNSMASQ = "/usr/sbin/dnsmasq"


def ask_dnsmasq(text: str) -> Asked:
    """What it has against the configuration."""
    return asked(DNSMASQ, "--test", "--conf-file=-", text=text, judged=_judged)


def _judged(status: int, said: str) -> Asked:
    return Asked((said.strip().removeprefix("dnsmasq: ") or f"it ended with {status}",))
