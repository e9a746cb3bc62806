"""Which port is cabled directly to another Hotspare appliance: what is heard on a port, and what follows.

Each port sends beacons of two kinds. The *near* one goes to the nearest-bridge group address, which no
bridge forwards (IEEE 802.1Q §8.6.3); the *far* one to everybody. So a switch in between shows by what is
missing, and also by what it adds: its own protocols, and stations that are not of the pair. Beacons are no
secret and prove nothing: they help to find a cable, before anything is paired.
"""

import struct
from dataclasses import dataclass, field
from enum import StrEnum

from hadaemon.config.values import MAX_HOST_NAME
from hadaemon.hotwire.exclusive import BEACON_TYPE

INSTANCE_SIZE = 8
_MAGIC = b"HSBC"
_VERSION = 1
_NEAR = bytes.fromhex("0180c200000e")
_FAR = b"\xff" * 6
_BODY = struct.Struct(f"!4sBB{INSTANCE_SIZE}sB")
_HEAD = 14
_MIN_FRAME = 60
_MAX_NAME = MAX_HOST_NAME
_MAX_REMEMBERED = 16
"""Of anything that is heard on a port."""

_PROTOCOLS = {
    bytes.fromhex("0180c2000000"): "spanning tree",
    bytes.fromhex("01000ccccccc"): "CDP",
    bytes.fromhex("01000ccccccd"): "spanning tree",
}
_LLDP = 0x88CC


@dataclass(frozen=True, slots=True)
class Beacon:
    """One appliance's sign on one of its ports."""

    instance: bytes
    """Random, the same on all ports of one appliance for one life of its daemon."""
    name: str
    """Of the node, while it searches or shows a code; empty: it has none, or only says that it is here."""
    near: bool


def encode_beacon(beacon: Beacon, source: bytes) -> bytes:
    """The whole Ethernet frame."""
    name = beacon.name.encode("ascii")[:_MAX_NAME]
    body = _BODY.pack(_MAGIC, _VERSION, int(beacon.near), beacon.instance, len(name)) + name
    frame = (_NEAR if beacon.near else _FAR) + source + struct.pack("!H", BEACON_TYPE) + body
    return frame.ljust(_MIN_FRAME, b"\0")


def decode_beacon(frame: bytes) -> Beacon | None:
    """None: the frame is no beacon of ours."""
    if len(frame) < _HEAD + _BODY.size or frame[12:14] != struct.pack("!H", BEACON_TYPE):
        return None
    magic, version, near, instance, size = _BODY.unpack_from(frame, _HEAD)
    name = frame[_HEAD + _BODY.size : _HEAD + _BODY.size + size].decode("ascii", "replace")
    if magic != _MAGIC or version != _VERSION or len(name) != size or size > _MAX_NAME:
        return None
    return Beacon(instance, name if name.isprintable() and name.isascii() else "?", bool(near))


class Verdict(StrEnum):
    """What is at the other end of a port's cable."""

    NO_CARRIER = "no-carrier"
    DIRECT = "direct"
    """One other appliance, and nothing else."""
    SWITCHED = "switched"
    """One other appliance, and a switch in between."""
    SEVERAL = "several"
    """More than one other appliance."""
    LOOP = "loop"
    """Another port of this appliance."""
    FOREIGN = "foreign"
    """Somebody else."""
    SILENT = "silent"
    """Nobody who says anything."""


@dataclass(slots=True)
class _Appliance:
    name: str
    mac: str
    near: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one port."""

    verdict: Verdict
    peer_mac: str | None = None
    peer_name: str = ""
    evidence: tuple[str, ...] = ()
    """Why it is not direct, each a plain phrase."""


@dataclass(slots=True)
class PortEars:
    """What has been heard on one port. Feed `hear` with every frame that comes in."""

    mac: str
    own_instance: bytes
    carrier: bool = True
    _appliances: dict[bytes, _Appliance] = field(default_factory=dict)
    _loop: bool = False
    _strangers: set[str] = field(default_factory=set)
    _protocols: set[str] = field(default_factory=set)

    def hear(self, frame: bytes) -> None:
        """Takes in one Ethernet frame."""
        if len(frame) < _HEAD:
            return
        destination, source = frame[:6], frame[6:12].hex(":")
        if source == self.mac:
            return
        beacon = decode_beacon(frame)
        if beacon is not None:
            self._note_beacon(beacon, source)
        elif frame[12:14] == struct.pack("!H", _LLDP):
            self._protocols.add("LLDP")
        elif destination in _PROTOCOLS:
            self._protocols.add(_PROTOCOLS[destination])
        elif len(self._strangers) < _MAX_REMEMBERED:
            self._strangers.add(source)

    def finding(self) -> Finding:
        """What follows from what was heard so far."""
        if not self.carrier:
            return Finding(Verdict.NO_CARRIER)
        if self._loop:
            return Finding(Verdict.LOOP)
        found = list(self._appliances.values())
        evidence = tuple(self._evidence({appliance.mac for appliance in found}))
        if len(found) > 1:
            names = tuple(f"{appliance.name or 'unnamed'} ({appliance.mac})" for appliance in found)
            return Finding(Verdict.SEVERAL, evidence=names + evidence)
        if not found:
            return Finding(Verdict.FOREIGN if evidence else Verdict.SILENT, evidence=evidence)
        (peer,) = found
        if not peer.near:
            evidence = ("what no switch forwards does not arrive", *evidence)
        verdict = Verdict.SWITCHED if evidence else Verdict.DIRECT
        return Finding(verdict, peer.mac, peer.name, evidence)

    def _note_beacon(self, beacon: Beacon, source: str) -> None:
        if beacon.instance == self.own_instance:
            self._loop = True
            return
        known = self._appliances.get(beacon.instance) or self._at(source)
        if known is None:
            if len(self._appliances) >= _MAX_REMEMBERED:
                return
            known = self._appliances[beacon.instance] = _Appliance(beacon.name, source)
        known.name = known.name or beacon.name
        known.near = known.near or beacon.near

    def _at(self, mac: str) -> _Appliance | None:
        """One port is of one appliance: its daemon may start anew, and `hactl pair show` sends beside it."""
        return next((known for known in self._appliances.values() if known.mac == mac), None)

    def _evidence(self, peers: set[str]) -> list[str]:
        strangers = sorted(self._strangers - peers)
        found = [f"{protocol} is heard" for protocol in sorted(self._protocols)]
        if strangers:
            shown = ", ".join(strangers[:3]) + (", …" if len(strangers) > 3 else "")
            found.append(f"other stations are heard: {shown}")
        return found


def candidate(findings: dict[str, Finding]) -> str | None:
    """The port that is the hotwire: the only one with a direct cable to another appliance."""
    direct = [port for port, finding in findings.items() if finding.verdict is Verdict.DIRECT]
    return direct[0] if len(direct) == 1 else None
