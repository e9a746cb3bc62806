"""The lab as one object: nodes, networks and clients made from a topology, and everything gone at the end.

    with Lab(STANDARD_PAIR, options) as lab:
        lab.node("alpha").power_on()
        lab.cut("hotwire")

A lab that was made of a snapshot is woken in place of that:

    with Lab(STANDARD_PAIR, options, snapshot) as lab:
        lab.wake()

Disks and logs live in a folder of the cache, sockets in a short temporary folder of their own, because
the path of a Unix socket has at most 107 characters.
"""

import contextlib
import functools
import secrets
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from firmware.lab.abandoned import Claim, sweep
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
from firmware.lab.preseed import FILE_NAME, LABEL, Secrets, hash_password, render_preseed
from firmware.lab.provider import Authentication, Provider
from firmware.lab.snapshot import MEMORY, Snapshot
from firmware.lab.switch import Switch
from firmware.lab.topology import Network, NetworkKind, PlannedNode, Port, Topology
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
    """Every write to its disk is recorded, beside the disk in `writes.log`: see tests/power."""


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

    def __init__(self, topology: Topology, options: LabOptions, snapshot: Snapshot | None = None) -> None:
        """Makes disks, preseed media, switches and clients; no node is switched on.

        Args:
            topology: what there is.
            options: how it is built.
            snapshot: where its nodes begin when they are woken, in place of a boot; it must have been made of
                the same topology and options.

        Raises:
            MissingCapability: this machine lacks something.
            LabError: the image is missing, or the snapshot is gone.
        """
        self.topology = topology
        self.options = options
        find_qemu()
        self._snapshot = snapshot
        self.secrets = snapshot.secrets if snapshot else Secrets.make(options.admin_password)
        self.admin_password = self.secrets.admin_password
        self.accelerator = options.accelerator or best_accelerator()
        self.closed = False
        self._claim = Claim(FOLDER, secrets.token_hex(4), options.keep)
        self.folder = self._claim.folder
        # A link of our own, because a build may put a new image in place while this lab runs on the old one.
        self._base = self.folder / "image.raw"
        self.switches: dict[str, Switch] = {}
        self._cables: dict[str, Switch] = {}
        self.clients: dict[str, Client] = {}
        self.providers: dict[str, Provider] = {}
        """By the network that they are on."""
        self.nodes: dict[str, Node] = {}
        _open.add(self)
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
        self.closed = True
        for node in self.nodes.values():
            node.power_off()
        for switch in (*self.switches.values(), *self._cables.values()):
            switch.close()
        self._claim.give_up()
        _open.discard(self)

    def wake(self) -> None:
        """Lets all nodes go on where the snapshot has left them, also with its time of day.

        Raises:
            MachineError: one of them cannot; then none runs.
        """
        nodes = list(self.nodes.values())
        for node in nodes:
            node.wake(self._then / node.name / MEMORY)
        for node in nodes:
            node.wait_until_awake()
        for node in nodes:
            node.resume()

    def set_clocks(self) -> None:
        """Tells all nodes what time it is."""
        with ThreadPoolExecutor() as together:
            list(together.map(Node.set_clock, self.nodes.values()))

    def save(self) -> None:
        """Ends all nodes; in the lab's folder is then all that another lab needs to wake them.

        Raises:
            LabError: it could not be written, such as on a full disk; the nodes run on.
        """
        files = {node.machine: self.folder / node.name / MEMORY for node in self.nodes.values()}
        for machine in files:
            machine.halt()
        try:
            for machine, memory in files.items():
                machine.save(memory)
            for machine, memory in files.items():
                machine.wait_saved(memory)
        except LabError:
            for machine in files:
                machine.cancel_save()
                machine.resume()
            raise
        for machine in files:
            machine.stop()

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            TopologyError: there is none.
        """
        return self.nodes[self.topology.node(name).name]

    @property
    def master(self) -> Node:
        """The node that is meant to be active; in a lab without a cluster, the first one."""
        cluster = self.topology.cluster
        return self.node(cluster.master if cluster else self.topology.nodes[0].name)

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

    @property
    def _then(self) -> Path:
        """The files of the snapshot, linked: the snapshot itself may be thrown away while this lab runs."""
        return self.folder / "then"

    def _build(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        sweep(FOLDER)
        self._claim.take()
        if self._snapshot:
            self._snapshot.lend(self._then)
        else:
            link_or_copy(self.options.image, self._base)
        for network in self.topology.networks:
            kind = self.switches if network.kind is NetworkKind.SWITCH else self._cables
            kind[network.name] = self._make_switch(network)
        for client in self.topology.clients:
            self.clients[client.name] = Client(client, self.switches[client.network])
        for each in self.topology.providers:
            switch = self.switches[each.network]
            self.providers[each.network] = Provider(switch, each.user, each.password, Authentication.CHAP)
        for node in self.topology.nodes:
            self.nodes[node.name] = self._make_node(node)

    def _make_switch(self, network: Network) -> Switch:
        learns = network.kind is NetworkKind.SWITCH
        switch = Switch(network.name, self.folder / f"{network.name}.pcap", learns=learns)
        for node, port in self.topology.ends(network.name):
            name = _switch_port(node.name, port.name)
            switch.attach_socket(name, self._socket(f"switch.{name}"), self._socket(name))
        return switch

    def _make_node(self, node: PlannedNode) -> Node:
        options = self.options.special.get(node.name, self.options.node)
        folder = self.folder / node.name
        folder.mkdir()
        spec = MachineSpec(
            name=node.name,
            disk=self._make_disk(options, folder),
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

    def _make_nic(self, node: PlannedNode, port: Port, slot: int | None) -> Nic:
        name = _switch_port(node.name, port.name)
        return Nic(port.name, port.mac, self._socket(name), self._socket(f"switch.{name}"), slot)

    def _make_disk(self, options: NodeOptions, folder: Path) -> Path:
        disk = folder / "disk.qcow2"
        base = self._base
        if self._continued(disk):
            return disk
        if options.image:
            base = folder / "image.raw"
            link_or_copy(options.image, base)
        create_overlay(base, "raw", disk, self.options.disk_size)
        return disk

    def _continued(self, disk: Path) -> bool:
        """Makes a disk that goes on where that of the snapshot ends, if there is a snapshot."""
        if self._snapshot:
            create_overlay(self._then / disk.parent.name / disk.name, "qcow2", disk)
        return self._snapshot is not None

    def _make_stick(self, node: PlannedNode, options: NodeOptions, folder: Path) -> Stick | None:
        text = options.preseed
        if text == "":
            return None
        raw, image = folder / "stick.img", folder / "stick.qcow2"
        if not self._continued(image):
            raw.write_bytes(fat_image(LABEL, {FILE_NAME: (text or self._preseed(node)).encode()}))
            create_overlay(raw, "raw", image)
        return Stick(image, options.stick_bus, options.stick_read_only)

    def _preseed(self, node: PlannedNode) -> str:
        cluster = self.topology.cluster
        secret = self.secrets.hotwire if cluster and cluster.hotwire else ""
        return render_preseed(node, cluster, self._hash, hotwire_secret=secret)

    @functools.cached_property
    def _hash(self) -> str:
        return hash_password(self.admin_password)

    def _make_uefi(self, folder: Path) -> UefiFirmware:
        code, template = uefi_firmware()
        variables = folder / "uefi-variables.qcow2"
        if not self._continued(variables):
            create_overlay(template, "raw", variables)
        return UefiFirmware(code, variables)

    def _socket(self, name: str) -> Path:
        return self._claim.sockets / name


_open: set[Lab] = set()
"""Every lab of this process that is not closed; each is in it before it makes anything."""


@contextlib.contextmanager
def none_left_open() -> Iterator[None]:
    """However this is left, no lab is open afterwards.

    A signal may come between any two steps: also when a lab is made, and nobody has it in hand yet.
    """
    try:
        yield
    finally:
        for lab in tuple(_open):
            lab.close()


def _switch_port(node: str, port: str) -> str:
    return f"{node}.{port}"
