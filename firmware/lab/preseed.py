"""What a node of the lab is told at its first boot: the text of its `preseed.toml`.

The lab knows the appliance only from outside, so it writes the documented file and shares no code with it.
"""

import base64
import json
import secrets
import subprocess
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import tomli_w

from firmware.lab.errors import MissingCapability
from firmware.lab.topology import Cluster, PlannedNode

LABEL = "HOTSPARE"
"""Label of the file system that a node looks for."""
FILE_NAME = "preseed.toml"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the nodes of one lab are told and nobody else knows."""

    admin_password: str
    hotwire: str

    @classmethod
    def make(cls, admin_password: str = "") -> "Secrets":
        """New ones; a password that is given is kept."""
        return cls(admin_password or make_password(), make_hotwire_secret())


def make_password() -> str:
    """A random password that can be typed on any keyboard layout."""
    alphabet = "abcdefghkmnprstuvwx23456789"
    return "".join(secrets.choice(alphabet) for _ in range(12))


def hash_password(password: str) -> str:
    """The crypt(5) hash of a password, SHA-512 with a random salt.

    Python has no crypt module any more, so the `openssl` command computes it.

    Raises:
        MissingCapability: there is no `openssl` on this machine.
    """
    try:
        done = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"],
            input=password,
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError:
        raise MissingCapability(
            "the command 'openssl' is missing", todo="Install the package openssl."
        ) from None
    return done.stdout.strip()


def make_hotwire_secret() -> str:
    """What the nodes of one pair share: 32 random bytes."""
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def render_preseed(
    node: PlannedNode,
    cluster: Cluster | None,
    password_hash: str,
    ssh_keys: Sequence[str] = (),
    hotwire_secret: str = "",
) -> str:
    """The whole file for one node; without a cluster it stands alone, without a secret it is not paired."""
    lines = ["schema = 1", "", "[admin]", f"password_hash = {_quoted(password_hash)}"]
    if ssh_keys:
        lines.append(f"ssh_keys = {_array(ssh_keys)}")
    if hotwire_secret:
        lines += ["", "[hotwire]", f"secret = {_quoted(hotwire_secret)}"]
    lines += _given("node", node.text) if node.text else _node_lines(node)
    if cluster:
        lines += _given("cluster", cluster.text) if cluster.text else _cluster_lines(cluster)
    return "\n".join(lines) + "\n"


def _given(table: str, text: str) -> list[str]:
    """A file of its own, as a table of the preseed."""
    values = {key: value for key, value in tomllib.loads(text).items() if key != "schema"}
    return ["", tomli_w.dumps({table: values})]


def _node_lines(node: PlannedNode) -> list[str]:
    lines = ["", "[node]", f"name = {_quoted(node.name)}"]
    for port in node.ports:
        lines += ["", f"[node.ports.{port.name}]", f"mac = {_quoted(port.mac)}"]
        if port.addresses:
            lines.append(f"addresses = {_array(map(str, port.addresses))}")
    return lines


def _cluster_lines(cluster: Cluster) -> list[str]:
    lines = ["", "[cluster]", f"name = {_quoted(cluster.name)}"]
    lines += [f"master = {_quoted(cluster.master)}", "", "[cluster.vrrp]"]
    lines.append(f"advertisement_interval = {_quoted(cluster.advertisement_interval)}")
    if cluster.flap_switches is not None:
        lines += ["", "[cluster.election]", f"flap_switches = {cluster.flap_switches}"]
    if cluster.hotwire:
        lines += ["", "[cluster.hotwire]", f"port = {_quoted(cluster.hotwire)}"]
    for interface in cluster.ha_interfaces:
        lines += ["", "[[cluster.ha_interfaces]]", f"port = {_quoted(interface.port)}"]
        lines.append(f"virtual_addresses = {_array(map(str, interface.virtual_addresses))}")
    return lines


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's quoting of ASCII text is a subset of it."""
    return json.dumps(text)


def _array(values: Iterable[str]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"
