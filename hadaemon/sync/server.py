"""The SSH server on the hotwire, as text: it accepts the peer's key alone, and allows nothing but the
verbs."""

from ipaddress import IPv4Address

from hadaemon.sync.public_key import PublicKey

USER = "hotspare-sync"
VERB = "/usr/libexec/hotspare/sync-verb"
PORT = 22
ALIAS = "hotspare-peer"
"""The peer's name in known_hosts: its key counts, not its address."""


def sshd_config(own: IPv4Address, peer: IPv4Address, host_key: str, folder: str) -> str:
    """sshd_config(5). Everything that is not named here is off."""
    lines = (
        "# Written at each start of hotspare-sync-sshd.",
        f"ListenAddress {own}",
        f"Port {PORT}",
        f"HostKey {host_key}",
        "HostKeyAlgorithms ssh-ed25519",
        f"AllowUsers {USER}@{peer}",
        f"AuthorizedKeysFile {folder}/authorized_keys",
        f"ForceCommand {VERB}",
        "AuthenticationMethods publickey",
        "PubkeyAuthentication yes",
        "PubkeyAcceptedAlgorithms ssh-ed25519",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "HostbasedAuthentication no",
        "GSSAPIAuthentication no",
        "PermitRootLogin no",
        "UsePAM no",
        "DisableForwarding yes",
        "PermitTTY no",
        "PermitUserRC no",
        "PermitUserEnvironment no",
        "PermitTunnel no",
        "X11Forwarding no",
        "PrintMotd no",
        "PrintLastLog no",
        "UseDNS no",
        "Compression no",
        "StrictModes yes",
        "LogLevel INFO",
        "PidFile none",
        "MaxAuthTries 2",
        "MaxSessions 1",
        "MaxStartups 4:50:8",
        "LoginGraceTime 10",
        "ClientAliveInterval 5",
        "ClientAliveCountMax 3",
    )
    return "".join(f"{line}\n" for line in lines)


def authorized_keys(peer: PublicKey) -> str:
    """The peer's key, with what it may do: the verbs."""
    return f'restrict,command="{VERB}" {peer.short}\n'


def known_hosts(peer: PublicKey) -> str:
    """The peer's key as the one key of the one host that we connect to."""
    return f"{ALIAS} {peer.short}\n"


def client_arguments(peer: IPv4Address, identity: str, known: str, connect_seconds: int) -> tuple[str, ...]:
    """ssh(1) without a configuration file: only the peer's known key, only our own key, no question asked."""
    options = (
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        f"UserKnownHostsFile={known}",
        "GlobalKnownHostsFile=/dev/null",
        "StrictHostKeyChecking=yes",
        "UpdateHostKeys=no",
        f"HostKeyAlias={ALIAS}",
        "HostKeyAlgorithms=ssh-ed25519",
        "PubkeyAuthentication=yes",
        "PreferredAuthentications=publickey",
        "ClearAllForwardings=yes",
        "ForwardAgent=no",
        "ControlMaster=no",
        "ControlPath=none",
        "Compression=no",
        "AddressFamily=inet",
        f"ConnectTimeout={connect_seconds}",
        "ServerAliveInterval=2",
        "ServerAliveCountMax=3",
        "LogLevel=ERROR",
    )
    named = tuple(part for option in options for part in ("-o", option))
    return ("ssh", "-F", "/dev/null", "-T", "-i", identity, *named, "-l", USER, str(peer), "sync")


def failure(stderr: str, peer: IPv4Address) -> str:
    """A sentence of ours for what ssh said last."""
    text = " ".join(stderr.split())
    if "Host key verification failed" in text or "HOST IDENTIFICATION HAS CHANGED" in text:
        return (
            f"{peer} does not have the key that this node trusts: if the peer was replaced or has a new key, "
            "pair the nodes anew (`hactl pair`); if not, somebody else is on the hotwire"
        )
    if "Permission denied" in text:
        return f"{peer} does not accept this node's key: pair the nodes anew (`hactl pair`)"
    if "Connection refused" in text:
        return f"{peer} is there, but its synchronization service is not: see hotspare-sync-sshd on the peer"
    if any(words in text for words in ("timed out", "No route to host", "Network is unreachable")):
        return f"{peer} cannot be reached over the hotwire: see the cable and the peer's power"
    return f"{peer}: the connection broke: {text[-300:] or 'without a word'}"
