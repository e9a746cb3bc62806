"""The `pppd` command: would it take these options? It runs as whoever calls it, and dials nowhere.

It has no trial of a whole dial-in: its plugin for PPPoE wants the port and /dev/ppp as soon as it
is named. So it is shown what it reads itself, and no plugin.
"""

from hadaemon.io.programs.asked import Asked, asked

PPPD = "/usr/sbin/pppd"
_FILE = "/dev/stdin"
_WRONG_OPTIONS = 2
"""pppd(8), exit status; with any later one it has read them all."""
_NOT_ALLOWED = "requires root privilege"


def ask_pppd(options: str) -> Asked:
    """What it has against them."""
    return asked(PPPD, "dryrun", "notty", "file", _FILE, text=options, judged=_judged)


def _judged(status: int, said: str) -> Asked:
    if status != _WRONG_OPTIONS:
        return Asked()
    if _NOT_ALLOWED in said:
        return Asked(unasked="pppd: only root may try its options")
    plain = (line.partition(": ")[2] or line for line in said.splitlines() if line.strip())
    return Asked(tuple(line.removeprefix(f"In file {_FILE}: ") for line in plain))
