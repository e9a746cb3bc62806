"""The standard daemons of the base network, and the kernel's settings, as their files. Pure.

Each runs only while its files are wanted: nothing listens or sends queries unless a file asks for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hadaemon.config import ClusterConfig, Dns, NodeConfig, Ntp, Ssh, Syslog, System, Transport
from hadaemon.io.kernel.settings import WANTED
from hadaemon.setup.alarms import ALARM_FILES, ALARMS_UNIT, alarm_files
from hadaemon.setup.networkd import effective
from hadaemon.setup.sources import own_source
from hadaemon.state.sshd_config import sshd_config
from hadaemon.vrrp import IPAddress

SSH_UNIT = "hotspare-ssh.socket"


@dataclass(frozen=True, slots=True)
class Service:
    """A unit, and all of the files that it needs, by path below the root; none: it does not run."""

    unit: str
    known: tuple[str, ...]
    """Files that it may have."""
    files: Mapping[str, str] = field(default_factory=dict)
    leaves: tuple[str, ...] = ()
    """What the daemon leaves behind, to be removed when it does not run."""
    secret: bool = False
    """Only its own user may read its files."""


def services(node: NodeConfig, cluster: ClusterConfig | None) -> tuple[Service, ...]:
    """What runs on this node."""
    system = effective(node, cluster)
    dynamic = any(port.dhcp for port in node.ports.values())
    return (
        _service(
            "systemd-resolved.service",
            _RESOLVED,
            _resolved(system.dns) if system.dns or dynamic else (),
            (_RESOLVERS,),
        ),
        _service(
            "systemd-timesyncd.service", _TIMESYNCD, _timesyncd(system.ntp) if system.ntp or dynamic else ()
        ),
        _service("hotspare-syslog.service", _RSYSLOG, _rsyslog(node, system, system.syslog)),
        _service(
            "systemd-modules-load.service", _MODULES, () if cluster is None else cluster.conntrack.modules
        ),
        _service("hotspare-kernel.service", WANTED, _kernel(cluster)),
        _ssh_service(node, system.ssh),
        Service(ALARMS_UNIT, ALARM_FILES, alarm_files(node, cluster, system), secret=True),
    )


_RESOLVED = "run/systemd/resolved.conf.d/hotspare.conf"
_RESOLVERS = "run/systemd/resolve/resolv.conf"
_TIMESYNCD = "run/systemd/timesyncd.conf.d/hotspare.conf"
_RSYSLOG = "run/hotspare/rsyslog.conf"
_MODULES = "run/modules-load.d/hotspare-helpers.conf"
_SSHD = "run/hotspare/sshd_config"
_SOCKET = "run/systemd/system/hotspare-ssh.socket"


def _service(unit: str, path: str, lines: tuple[str, ...], leaves: tuple[str, ...] = ()) -> Service:
    return Service(unit, (path,), {path: _text(lines)} if lines else {}, leaves)


def _kernel(cluster: ClusterConfig | None) -> tuple[str, ...]:
    settings = {} if cluster is None else cluster.kernel_settings
    return tuple(f"{name} = {value}" for name, value in settings.items())


def _resolved(dns: Dns | None) -> tuple[str, ...]:
    """resolved only collects the servers to ask, those from DHCP too: it listens nowhere."""
    return (
        "[Resolve]",
        f"DNS={' '.join(map(str, dns.servers)) if dns else ''}",
        f"Domains={' '.join(dns.search) if dns else ''}",
        "FallbackDNS=",
        "DNSStubListener=no",
        "LLMNR=no",
        "MulticastDNS=no",
    )


def _timesyncd(ntp: Ntp | None) -> tuple[str, ...]:
    return ("[Time]", f"NTP={' '.join(ntp.servers) if ntp else ''}", "FallbackNTP=")


def _rsyslog(node: NodeConfig, system: System, syslog: Syslog | None) -> tuple[str, ...]:
    """rsyslog.conf(5). The journal is the buffer: a server that cannot be reached gets everything later."""
    if syslog is None:
        return ()
    return (
        'global(workDirectory="/var/lib/hotspare-syslog")',
        'module(load="imjournal" StateFile="journal" IgnorePreviousMessages="on" PersistStateInterval="100")',
        # Its own messages about a server that cannot be reached would be more messages for that server.
        'if $programname == "rsyslogd" then stop',
        *(_forward(node, system, syslog, server) for server in syslog.servers),
    )


def _forward(node: NodeConfig, system: System, syslog: Syslog, server: IPAddress) -> str:
    own = own_source(node, system, server)
    # TCP takes the source that the route says, which is an own address too.
    bound = f' address="{own}"' if own is not None and syslog.transport is Transport.UDP else ""
    return (
        f'action(type="omfwd" target="{server}" port="{syslog.port}" protocol="{syslog.transport}"{bound}'
        ' template="RSYSLOG_SyslogProtocol23Format" queue.type="LinkedList" queue.size="10000"'
        ' action.resumeRetryCount="-1")'
    )


def _ssh_service(node: NodeConfig, ssh: Ssh | None) -> Service:
    """The service manager listens, so that an address may come later, and starts sshd for each connection."""
    known = (_SSHD, _SOCKET)
    if ssh is None:
        return Service(SSH_UNIT, known)
    own = [each.ip for name in ssh.ports for each in node.ports[name].addresses if not each.ip.is_link_local]
    return Service(
        SSH_UNIT, known, {_SSHD: sshd_config(ssh), _SOCKET: _text(tuple(_socket(ssh.tcp_port, own)))}
    )


def _socket(port: int, addresses: list[IPAddress]) -> Iterator[str]:
    yield from ("[Unit]", "Description=Hotspare: SSH for administrators, at own addresses", "", "[Socket]")
    for address in addresses:
        yield f"ListenStream={f'[{address}]' if address.version == 6 else address}:{port}"
    yield from ("FreeBind=yes", "Accept=yes", "MaxConnections=64", "MaxConnectionsPerSource=8")
    # Many connections make it slower, and never end it.
    yield from ("TriggerLimitIntervalSec=0", "PollLimitIntervalSec=1s", "PollLimitBurst=20", "KeepAlive=yes")


def _text(lines: tuple[str, ...]) -> str:
    return "".join(f"{line}\n" for line in lines)
