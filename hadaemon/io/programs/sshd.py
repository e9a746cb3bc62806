"""The `sshd` command: would it take this configuration? It runs as whoever calls it, and opens nothing.

After the file it looks for the host key, which is made when SSH begins: what it says of that is no mistake of
the configuration.
"""

import re

from hadaemon.io.programs.asked import Asked, asked

SSHD = "/usr/sbin/sshd"
_FILE = "/dev/stdin"
_MISTAKE = re.compile(rf"^{_FILE}:? (line \d+:.*\S)", re.MULTILINE)


def ask_sshd(text: str) -> Asked:
    """What it has against the configuration."""
    return asked(SSHD, "-t", "-f", _FILE, text=text, judged=_judged)


def _judged(status: int, said: str) -> Asked:
    return Asked(tuple(_MISTAKE.findall(said)))
