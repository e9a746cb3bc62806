"""What a technician does with a stick: the system that runs from it goes onto the disk of the box. Root
only."""

from hadaemon.menu.actions import Hactl, ReadDisks, Run
from hadaemon.menu.steps import Act, Choose, Failed, Flow, Option, Show, Translate

COMMAND = "install-to-disk"
_NO = "no"


def install_to_disk(_: Translate) -> Flow[None]:
    """Ends when it is installed, or when nothing was done."""
    disks = yield Act(ReadDisks(), _("Looking at the disks ..."))
    if isinstance(disks, Failed):
        yield Show(tuple(f"! {reason}" for reason in disks.reasons))
        return
    refused = tuple(f"{disk.path}  {disk.text}: {disk.refusal}" for disk in disks if disk.refusal)
    if refused:
        yield Show(refused, _("Disks that cannot be taken"))
    options = [Option(disk.path, f"{disk.path}  {disk.text}") for disk in disks if not disk.refusal]
    if not options:
        yield Show((_("There is no disk on which this system can be installed."),))
        return
    choice = yield Choose(
        "install-disk",
        _("Install on the internal disk"),
        _("On which disk? You are asked once more, with all that is on it."),
        (*options, Option(_NO, _("on none"))),
        _(
            "The firmware that runs is copied, and everything that was on the disk is lost. It becomes a box "
            "that is not configured: configuration, keys and passwords of this system are not copied."
        ),
        _NO,
    )
    if choice == _NO:
        return
    done = yield Act(Hactl((COMMAND, str(choice)), root=True))
    if not isinstance(done, Failed):
        yield from _restart(_)


def _restart(_: Translate) -> Flow[None]:
    choice = yield Choose(
        "installed",
        _("Installed"),
        _("Pull the stick out when the box is off, and start it: it runs from its own disk then."),
        (
            Option("power-off", _("power off")),
            Option("reboot", _("reboot: pull the stick out before it starts again")),
            Option("stay", _("go on with the stick")),
        ),
        _("The stick must stay in as long as the box runs from it."),
        "power-off",
    )
    if choice != "stay":
        done = yield Act(
            Run(("systemctl", "reboot" if choice == "reboot" else "poweroff")), _("As you wish ...")
        )
        if isinstance(done, Failed):
            yield Show(done.reasons)
