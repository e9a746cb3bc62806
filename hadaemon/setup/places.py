"""Where the system's files are: below one root, so that tests have their own."""

import grp
import pwd
from dataclasses import dataclass
from pathlib import Path

from hadaemon.state.places import ADMIN

DAEMON = "hadaemon"
MESSENGER = "hotspare-alarms"
GROUP = "hadaemon"


@dataclass(frozen=True, slots=True)
class Places:
    """Everything that the setup reads or writes."""

    root: Path = Path("/")

    @property
    def state(self) -> Path:
        return self.root / "data/state"

    @property
    def admin_file(self) -> Path:
        return self.state / "admin.toml"

    @property
    def good(self) -> Path:
        """Copies of the last configuration that was accepted at a boot."""
        return self.state / "good"

    @property
    def admin_home(self) -> Path:
        return self.root / "data/home" / ADMIN

    @property
    def networkd(self) -> Path:
        return self.root / "run/systemd/network"

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def zones(self) -> Path:
        """The time zone database."""
        return self.root / "usr/share/zoneinfo"

    @property
    def issue(self) -> Path:
        return self.root / "run/issue.d/hotspare.issue"

    @property
    def run(self) -> Path:
        """Its own folder of volatile files."""
        return self.root / "run/hotspare"

    @property
    def setup_problems(self) -> Path:
        """For the daemon to show: one problem a line."""
        return self.run / "setup-problems"

    @property
    def language(self) -> Path:
        """For `hactl` to speak it."""
        return self.run / "language"

    @property
    def applied(self) -> Path:
        """Exists while the base network and its services are known to be as the files say."""
        return self.run / "applied"

    @property
    def data_error(self) -> Path:
        """Left by the initrd when the data partition could not be used."""
        return self.run / "data-error"

    @property
    def medium(self) -> Path:
        return self.root / "dev/disk/by-label"

    @property
    def control(self) -> Path:
        """The daemon's control socket."""
        return self.root / "run/hadaemon/control.sock"

    @property
    def console(self) -> Path:
        return self.root / "dev/console"


@dataclass(frozen=True, slots=True)
class Owners:
    """(uid, gid) of the files that are written; None: the user who runs this."""

    state: tuple[int, int] | None = None
    secret: tuple[int, int] | None = None
    admin: tuple[int, int] | None = None
    daemon: tuple[int, int] | None = None
    messenger: tuple[int, int] | None = None


def system_owners() -> Owners:
    """The image's users. Raises KeyError where they do not exist."""
    admin = pwd.getpwnam(ADMIN)
    group = grp.getgrnam(GROUP).gr_gid
    messenger = pwd.getpwnam(MESSENGER)
    return Owners(
        state=(0, group),
        secret=(0, 0),
        admin=(admin.pw_uid, admin.pw_gid),
        daemon=(pwd.getpwnam(DAEMON).pw_uid, group),
        messenger=(messenger.pw_uid, messenger.pw_gid),
    )
