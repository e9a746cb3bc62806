"""The configuration of msmtp(1), which carries mail to the relay. Secret."""

from hadaemon.alarms.model import Mail, MailTls

ACCOUNT = "relay"
SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"
TIMEOUT = 30
"""Seconds."""


def msmtprc(mail: Mail, node: str, ca_file: str) -> str:
    """`ca_file` is where the certificates that are trusted are."""
    lines = [
        "# Written by the setup: [alarms.mail].",
        f"account {ACCOUNT}",
        f"host {mail.relay}",
        f"port {mail.port}",
        f"domain {node}.{mail.sender.rpartition('@')[2]}",
        f"from {mail.sender}",
        f"timeout {TIMEOUT}",
        f"tls {'off' if mail.tls is MailTls.OFF else 'on'}",
    ]
    if mail.tls is not MailTls.OFF:
        lines += [
            f"tls_starttls {'on' if mail.tls is MailTls.STARTTLS else 'off'}",
            f"tls_trust_file {ca_file}",
        ]
    if mail.user is not None and mail.password is not None:
        # It takes the quotes at both ends away, and nothing between them means anything.
        lines += ["auth on", f'user "{mail.user}"', f'password "{mail.password}"']
    else:
        lines.append("auth off")
    return "".join(f"{line}\n" for line in lines)
