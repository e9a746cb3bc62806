"""The lab as one object: nodes, networks and clients made from a topology, and everything gone at the end.

    with Lab(STANDARD_PAIR, options) as lab:
        lab.node("alpha").power_on()
        lab.cut("hotwire")

Disks and logs live in a folder of the cache, sockets in a short temporary folder of their own, because
the path of a Unix socket has at most 107 characters.
"""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from firmware.lab.capability import best_accelerator, uefi_firmware
from firmware.lab.client import Client
from firmware.lab.command import (
    Accelerator,
    Firmware,
    MachineSpec,
    Nic,
    Sockets,
    Stick,
    StickBus,
    UefiFirmware,
)
from firmware.lab.disk import create_overlay, link_or_copy
from firmware.lab.errors import LabError
from firmware.lab.fat import fat_image
from firmware.lab.machine import find_qemu
from firmware.lab.node import Node
from firmware.lab.preseed import (
    FILE_NAME,
    LABEL,
    hash_password,
    make_hotwire_secret,
    make_password,
    render_preseed,
)
from firmware.lab.switch import Switch
from firmware.lab.topology import Network, NetworkKind, Port, Topology
from firmware.lab.topology import Node as NodeData
from firmware.paths import CACHE

FOLDER = CACHE / "lab"


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """What may differ between the nodes of a lab."""

    firmware: Firmware = Firmware.BIOS
    stick_bus: StickBus = StickBus.VIRTIO
    stick_read_only: bool = False
    preseed: str | None = None
    """The text of preseed.toml in place of the one that the topology gives; empty: there is no medium."""
    slots: bool = False
    """Its network cards are in slots, and can be pulled out while it runs."""
    image: Path | None = None
    """The raw disk image of this node; None: that of the lab."""
    record: bool = False
    """Every write to its disk is recorded, beside the disk in `writes.log`: see firmware/power."""


@dataclass(frozen=True, slots=True)
class LabOptions:
    """How the nodes of a lab are built."""

    image: Path
    """The raw disk image that every node's disk starts as. Nothing writes to it."""
    node: NodeOptions = NodeOptions()
    special: Mapping[str, NodeOptions] = field(default_factory=dict)
    """In place of `node`, by a node's name."""
    accelerator: Accelerator | None = None
    """None: the best that works here."""
    memory_mib: int = 768
    disk_size: str = "4G"
    """More than the image, so that the data partition has something to grow into."""
    extra: tuple[str, ...] = ()
    """QEMU arguments for experiments."""
    admin_password: str = ""
    """For disks that have their preseed already; empty: a new one."""
    keep: bool = False
    """Leave the folder with disks and logs behind."""


class Lab:
    """Nodes that are off, with their cables, switches and clients in place."""

    def __init__(self, topology: Topology, options: LabOptions) -> None:
        """Makes disks, preseed media, switches and clients; no node is switched on.

        Raises:
            MissingCapability: this machine lacks something.
            LabError: the image is missing.
        """
        self.topology = topology
        self.options = options
        find_qemu()
        self.admin_password = options.admin_password or make_password()
        self._hotwire_secret = make_hotwire_secret()
        self._hash = hash_password(self.admin_password)
        self.accelerator = options.accelerator or best_accelerator()
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
        self._sockets = Path(tempfile.mkdtemp(prefix="hotspare-"))
        # A link of our own, because a build may put a new image in place while this lab runs on the old one.
        self._base = self.folder / "image.raw"
        self.switches: dict[str, Switch] = {}
        self._cables: dict[str, Switch] = {}
        self.clients: dict[str, Client] = {}
        self.nodes: dict[str, Node] = {}
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Lab":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends everything."""
        self.close()

    def close(self) -> None:
        """Ends every process and thread and removes every socket and, unless it is to be kept, the folder."""
        for node in self.nodes.values():
            node.power_off()
        for switch in (*self.switches.values(), *self._cables.values()):
            switch.close()
        shutil.rmtree(self._sockets, ignore_errors=True)
        if not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            TopologyError: there is none.
        """
        return self.nodes[self.topology.node(name).name]

    def cut(self, network: str) -> None:
        """Pulls the nodes' cables out of a network: every guest on it loses its carrier."""
        for node, port in self._ends(network):
            node.pull(port)

    def heal(self, network: str) -> None:
        """Plugs the nodes' cables into a network again."""
        for node, port in self._ends(network):
            node.plug(port)

    def switch(self, network: str) -> Switch:
        """The switch of a network.

        Raises:
            LabError: it is a cable.
        """
        name = self.topology.network(network).name
        if name not in self.switches:
            raise LabError(
                "this network is a direct cable, it has no switch",
                name,
                f"Switches: {', '.join(self.switches)}.",
            )
        return self.switches[name]

    def save_artifacts(self, folder: Path) -> None:
        """Copies logs and captures and asks the running nodes for their journals."""
        for name, node in self.nodes.items():
            target = folder / name
            target.mkdir(parents=True, exist_ok=True)
            node.save_artifacts(target)
            for log in (self.folder / name).glob("*.log"):
                shutil.copy2(log, target)
        for capture in self.folder.glob("*.pcap"):
            shutil.copy2(capture, folder)

    def _ends(self, network: str) -> list[tuple[Node, str]]:
        name = self.topology.network(network).name
        return [(self.nodes[node.name], port.name) for node, port in self.topology.ends(name)]

    def _build(self) -> None:
        link_or_copy(self.options.image, self._base)
        for network in self.topology.networks:
            kind = self.switches if network.kind is NetworkKind.SWITCH else self._cables
            kind[network.name] = self._make_switch(network)
        for client in self.topology.clients:
            self.clients[client.name] = Client(client, self.switches[client.network])
        for node in self.topology.nodes:
            self.nodes[node.name] = self._make_node(node)

    def _make_switch(self, network: Network) -> Switch:
        learns = network.kind is NetworkKind.SWITCH
        switch = Switch(network.name, self.folder / f"{network.name}.pcap", learns=learns)
        for node, port in self.topology.ends(network.name):
            name = _switch_port(node.name, port.name)
            switch.attach_socket(name, self._socket(f"switch.{name}"), self._socket(name))
        return switch

    def _make_node(self, node: NodeData) -> Node:
        options = self.options.special.get(node.name, self.options.node)
        folder = self.folder / node.name
        folder.mkdir()
        disk = folder / "disk.qcow2"
        base = self._base
        if options.image:
            base = folder / "image.raw"
            link_or_copy(options.image, base)
        create_overlay(base, "raw", disk, self.options.disk_size)
        spec = MachineSpec(
            name=node.name,
            disk=disk,
            nics=tuple(
                self._make_nic(node, port, slot if options.slots else None)
                for slot, port in enumerate(node.ports, start=1)
            ),
            sockets=Sockets(
                *(self._socket(f"{node.name}.{end}") for end in ("qmp", "serial", "console", "vnc"))
            ),
            serial_log=folder / "serial.log",
            console_log=folder / "console.log",
            stick=self._make_stick(node, options, folder),
            uefi=self._make_uefi(folder) if options.firmware is Firmware.UEFI else None,
            accelerator=self.accelerator,
            memory_mib=self.options.memory_mib,
            extra=self.options.extra,
            recording=folder / "writes.log" if options.record else None,
        )
        if spec.recording:
            spec.recording.touch()

        def on_link(port: str, up: bool) -> None:
            network = node.port(port).network
            if not up and network in self.switches:
                self.switches[network].forget(_switch_port(node.name, port))

        return Node(node, spec, self.admin_password, on_link)

    def _make_nic(self, node: NodeData, port: Port, slot: int | None) -> Nic:
        name = _switch_port(node.name, port.name)
        return Nic(port.name, port.mac, self._socket(name), self._socket(f"switch.{name}"), slot)

    def _make_stick(self, node: NodeData, options: NodeOptions, folder: Path) -> Stick | None:
        text = options.preseed
        if text == "":
            return None
        if text is None:
            cluster = self.topology.cluster
            secret = self._hotwire_secret if cluster and cluster.hotwire else ""
            text = render_preseed(node, cluster, self._hash, hotwire_secret=secret)
        raw, image = folder / "stick.img", folder / "stick.qcow2"
        raw.write_bytes(fat_image(LABEL, {FILE_NAME: text.encode()}))
        create_overlay(raw, "raw", image)
        return Stick(image, options.stick_bus, options.stick_read_only)

    def _make_uefi(self, folder: Path) -> UefiFirmware:
        code, template = uefi_firmware()
        variables = folder / "uefi-variables.qcow2"
        create_overlay(template, "raw", variables)
        return UefiFirmware(code, variables)

    def _socket(self, name: str) -> Path:
        return self._sockets / name


def _switch_port(node: str, port: str) -> str:
    return f"{node}.{port}"
