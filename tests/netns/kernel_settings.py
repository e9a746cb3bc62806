"""The image's kernel settings, for the namespaces of nodes."""

import re
from pathlib import Path

from .namespaces import Namespace

FILE = Path(__file__).parents[2] / "rootfs-overlay/usr/lib/sysctl.d/60-hotspare.conf"
OF_THE_WHOLE_MACHINE = re.compile(r"kernel\.|.*(nf_conntrack_(max|buckets)|gc_thresh\d)$")
"""No namespace has these for itself."""


def apply(namespace: Namespace) -> None:
    """As systemd-sysctl does: a pattern counts for every key that is not named itself."""
    wanted = dict(
        line.split(" = ") for line in FILE.read_text().splitlines() if line and not line.startswith("#")
    )
    patterns = [key for key in wanted if "*" in key]
    for key in [*patterns, *(wanted.keys() - set(patterns))]:
        if not OF_THE_WHOLE_MACHINE.match(key):
            path = "/proc/sys/" + key.replace(".", "/")
            namespace.run("sh", "-c", f"for key in {path}; do echo {wanted[key]} > $key || exit 1; done")
