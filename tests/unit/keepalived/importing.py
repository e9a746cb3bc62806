"""Imports by the operation that the task runs, and reads back what was written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hadaemon.config import ClusterConfig, NodeConfig, load_cluster, load_node
from hadaemon.keepalived.ports import MISSING
from hadaemon.operations.import_keepalived import ImportRequest, import_keepalived

CONFIGS = Path(__file__).parent / "configs"


@dataclass(frozen=True)
class Imported:
    """What came of it; the MAC addresses that nobody said are some that nobody has."""

    folder: Path
    report: str
    cluster: ClusterConfig
    nodes: dict[str, NodeConfig]

    def says(self, place: str, *words: str) -> bool:
        """Whether one finding is about that line and has these words."""
        for part in " ".join(self.report.split()).split(place)[1:]:
            if all(word in part[:900] for word in words):
                return True
        return False


def fill_in(folder: Path) -> None:
    """Some MAC address in place of each that is missing."""
    number = 0
    for path in sorted(folder.glob("*/node.toml")):
        lines = []
        for line in path.read_text().splitlines():
            if MISSING in line:
                number += 1
                key, _, value = line.partition(" = ")
                mac = f'"02:00:00:00:00:{number:02x}"'
                line = f"{key} = [{mac}]" if value.startswith("[") else f"{key} = {mac}"
            lines.append(line)
        path.write_text("\n".join(lines) + "\n")


def read_back(folder: Path, report: str) -> Imported:
    fill_in(folder)
    nodes = [load_node(path.read_text(), str(path)) for path in sorted(folder.glob("*/node.toml"))]
    cluster = load_cluster((folder / "cluster.toml").read_text())
    return Imported(folder, report, cluster, {node.name: node for node in nodes})


def write(folder: Path, text: str, name: str = "k.conf") -> Path:
    (folder / name).write_text(text)
    return folder / name


def imported(folder: Path, text: str, other: str = "", **more: Any) -> Imported:
    """From the text of one or both files."""
    files = [write(folder, text)]
    if other:
        files.append(write(folder, other, "other.conf"))
    report = import_keepalived(ImportRequest(tuple(files), folder / "site", **more))
    return read_back(folder / "site", report.replace(f"{folder}/", ""))
