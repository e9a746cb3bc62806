"""What the SSH server of the administrators is told."""

from collections.abc import Iterator

from hadaemon.config.network_model import Ssh
from hadaemon.state.places import ADMIN

SSH_FOLDER = "data/state/ssh"
"""The folder of the host key, which never leaves the node."""
HOST_KEY = "ssh_host_ed25519_key"


def sshd_config(ssh: Ssh) -> str:
    """sshd_config(5)."""
    return "".join(f"{line}\n" for line in _lines(ssh))


def _lines(ssh: Ssh) -> Iterator[str]:
    yield "# Written by the setup: [ssh] in node.toml or cluster.toml."
    yield f"HostKey /{SSH_FOLDER}/{HOST_KEY}"
    yield f"AllowUsers {ADMIN}"
    yield "AuthorizedKeysFile .ssh/authorized_keys"
    yield f"AuthenticationMethods {'publickey password' if ssh.password else 'publickey'}"
    yield f"PasswordAuthentication {'yes' if ssh.password else 'no'}"
    yield from (
        "PubkeyAuthentication yes",
        "KbdInteractiveAuthentication no",
        "HostbasedAuthentication no",
        "GSSAPIAuthentication no",
        "PermitEmptyPasswords no",
        "PermitRootLogin no",
        "UsePAM yes",
        # The node is a firewall: no way around its rules.
        "DisableForwarding yes",
        "PermitTunnel no",
        "PermitUserRC no",
        "PrintMotd no",
        "UseDNS no",
        "MaxAuthTries 3",
        "LoginGraceTime 30",
        "ClientAliveInterval 60",
        "ClientAliveCountMax 3",
        "PidFile none",
        "Subsystem sftp internal-sftp",
    )
