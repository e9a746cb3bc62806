"""Captured frames as tshark reads them: a decoder that shares nothing with ours."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scapy.packet import Packet
from scapy.utils import wrpcap

Layers = dict[str, Any]


def decode(frames: Iterable[Packet], folder: Path, display_filter: str) -> list[Layers]:
    """The layers of every frame that passes the filter, each a table of tshark's fields."""
    file = folder / "capture.pcap"
    wrpcap(str(file), list(frames))
    command = ["tshark", "-n", "-r", str(file), "-Y", display_filter, "-T", "json"]
    command += ["-o", "ip.check_checksum:TRUE"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [packet["_source"]["layers"] for packet in json.loads(done.stdout)]
