"""The node's configuration as texts of the system. Pure."""

from hadaemon.state.configuration import Configuration
from hadaemon.status.states import Condition
from hadaemon.text.safe import safe

LABEL = "HOTSPARE"
"""The label of the file system that a preseed is on."""

_DOCUMENT = "Its content: docs/configuration.md."

_HOW_TO_PRESEED = f"""\
To configure it: answer the questions at a console; or write preseed.toml to the top folder of a
USB stick (FAT, label {LABEL}), plug the stick in, and switch this box off and on. {_DOCUMENT}"""

_HOW_TO_REPAIR = """\
This node stays out of the cluster. Log in; `hactl menu` takes the last good configuration.
Or correct the file, try it with `hactl config check`, and apply it with `hactl reload`."""


_IN_MAINTENANCE = """\
MAINTENANCE: this node takes no part in the cluster. To take it back: `hactl maintenance off`."""


def hosts_file(name: str) -> str:
    """hosts(5): the node knows its own name without a network."""
    return f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost ip6-loopback\n"


def with_password(shadow: str, user: str, password_hash: str) -> str:
    """shadow(5) with the user's hash replaced and no ageing; everything else stays."""
    entry = f"{user}:{password_hash}:::::::"
    lines = shadow.splitlines()
    if not any(line.startswith(f"{user}:") for line in lines):
        return "\n".join([*lines, entry]) + "\n"
    return "\n".join(entry if line.startswith(f"{user}:") else line for line in lines) + "\n"


def authorized_keys(keys: tuple[str, ...]) -> str:
    """sshd's authorized_keys, with a word to whoever edits it."""
    return "\n".join(["# Written at each boot from admin.toml.", *keys]) + "\n"


def issue(
    configuration: Configuration, problems: tuple[str, ...], version: str | None, maintenance: bool
) -> str:
    r"""issue(5): what a console shows above the login prompt. `\l` and the like mean something to getty."""
    head = f"Hotspare {version or ''}".rstrip()
    parts = [f"{head} - {_summary(configuration)} (\\l)"]
    if maintenance:
        parts.append(_IN_MAINTENANCE)
    if problems:
        parts.append("\n".join(["Problems:", *(f"  ! {_plain(problem)}" for problem in problems)]))
    if configuration.condition is Condition.UNCONFIGURED:
        parts.append(_HOW_TO_PRESEED)
    elif problems:
        parts.append(_HOW_TO_REPAIR)
    return "\n\n".join(parts) + "\n\n"


def console_message(configuration: Configuration, problems: tuple[str, ...]) -> str:
    """For the console at boot, when something is wrong; empty when nothing is."""
    if not problems and configuration.condition is not Condition.UNCONFIGURED:
        return ""
    repair = _HOW_TO_PRESEED if configuration.condition is Condition.UNCONFIGURED else _HOW_TO_REPAIR
    lines = [
        f"hotspare: {_summary(configuration)}",
        *(f"  ! {safe(problem)}" for problem in problems),
        repair,
    ]
    return "\n".join(["", *lines, "", ""])


def _summary(configuration: Configuration) -> str:
    node, cluster = configuration.node, configuration.cluster
    match configuration.condition:
        case Condition.UNCONFIGURED:
            return "this node is not configured"
        case Condition.REFUSED:
            return f"node {node.name}: its configuration is wrong" if node else "its configuration is wrong"
        case Condition.STAND_ALONE:
            return f"node {node.name if node else ''}, standing alone"
        case Condition.CLUSTER:
            assert node is not None
            assert cluster is not None
            role = "master" if cluster.master == node.name else "spare"
            return f"node {node.name}, {role} of cluster {cluster.name}"


def _plain(text: str) -> str:
    return safe(text).replace("\\", "\\\\")
