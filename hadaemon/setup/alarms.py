"""The messenger's files: who gets alarms, and how. Secret. Pure."""

from collections.abc import Mapping

from hadaemon.alarms.msmtp import SYSTEM_CA, msmtprc
from hadaemon.alarms.sender import Sender
from hadaemon.config import ClusterConfig, NodeConfig, System
from hadaemon.messenger.settings import Settings, encode
from hadaemon.setup.sources import source_table

ALARMS_UNIT = "hotspare-alarms.service"
_SETTINGS = "run/hotspare/alarms.json"
_MSMTPRC = "run/hotspare/msmtprc"
_CA = "run/hotspare/alarms-mail-ca.pem"
ALARM_FILES = (_SETTINGS, _MSMTPRC, _CA)


def alarm_files(node: NodeConfig, cluster: ClusterConfig | None, system: System) -> Mapping[str, str]:
    """By path below the root; none where nobody gets alarms."""
    alarms = system.alarms
    if alarms is None or not alarms.leave:
        return {}
    sender = Sender(node.name, cluster.name if cluster is not None else None)
    files = {_SETTINGS: encode(Settings(sender, alarms, source_table(node, system))) + "\n"}
    mail = alarms.mail
    if mail is not None:
        files[_MSMTPRC] = msmtprc(mail, node.name, SYSTEM_CA if mail.ca is None else f"/{_CA}")
        if mail.ca is not None:
            files[_CA] = mail.ca
    return files
