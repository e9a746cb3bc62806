"""The daemon as a process: what the kernel guarantees it."""

import re
from pathlib import Path

from .pair import Pair


def test_what_it_has_touched_is_locked_and_nothing_more(pair: Pair) -> None:
    """MCL_ONFAULT: the address space is marked, and only pages that are in use are memory."""
    for node in pair.nodes:
        node.loaded_anew = True
    pair.start()
    text = Path(f"/proc/{pair.alpha.status()['pid']}/status").read_text()
    kilobytes = {key: int(value) for key, value in re.findall(r"^(Vm\w+):\s+(\d+) kB", text, re.MULTILINE)}
    assert kilobytes["VmLck"] > kilobytes["VmRSS"] / 2
    assert kilobytes["VmSwap"] == 0
    assert kilobytes["VmRSS"] < kilobytes["VmSize"] / 2, "what was never touched costs nothing"
