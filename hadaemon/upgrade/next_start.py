"""Which version the next start of the node takes, from what the root helper says of its slots."""

from hadaemon.text.reading import read_json
from hadaemon.upgrade.errors import UpgradeError
from hadaemon.upgrade.trial import Outlook


def next_start(answer: str, where: Outlook, trial: str, running_version: str, before: str) -> str:
    """`answer`: the helper's words; `where`: how a trial of the version `trial` stands; `before`: the version
    before the upgrade, for a slot that was flashed and has none of its own to tell. Raises UpgradeError."""
    try:
        found = read_json(answer)
        running, following = found["running"], found["next"]
        good, version = found["running_good"] is True, str(found["version"])
    except (ValueError, KeyError, TypeError) as error:
        raise UpgradeError(f"the helper's words about the slots cannot be understood: {answer}") from error
    # Between a start and its proof RAUC does not count the running slot as one that can be started.
    if following == running or where is Outlook.ON_TRIAL or (where is not Outlook.WAITING and not good):
        return running_version
    return trial if where is Outlook.WAITING else version or before
