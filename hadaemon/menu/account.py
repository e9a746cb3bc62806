"""The first questions: who administers this box, what it is called, and what its clock shows."""

from collections.abc import Callable

from hadaemon.config import values
from hadaemon.menu.actions import HashPassword
from hadaemon.menu.draft import Draft
from hadaemon.menu.steps import Act, Ask, Choose, Flow, Option, Translate

SHORTEST, LONGEST = 8, 128
"""Characters of the administrator's password."""
_SHOWN = 8
"""Time zones that a message lists."""


def administrator(_: Translate, draft: Draft) -> Flow[None]:
    """A password, SSH keys, or both: nothing is preset."""
    ways = (
        Option("password", _("a password")),
        Option("ssh-key", _("an SSH public key (no login at the consoles then)")),
        Option("both", _("both")),
    )
    way = yield Choose(
        "admin",
        _("The administrator's access"),
        _("The administrator's name is admin. How will he prove who he is?"),
        ways,
        _(
            "There is no preset password. A password is needed to log in at a console like this one; a key "
            "is the safer way over the network. Both can be changed later."
        ),
        "password",
    )
    if way in ("password", "both"):
        password = yield from _password(_)
        hashed = yield Act(HashPassword(password))
        draft.put(hashed, "admin", "password_hash")
    if way in ("ssh-key", "both"):
        key = yield Ask(
            "ssh-key",
            _("SSH key"),
            _("The administrator's SSH public key: one line, as in a .pub file."),
            values.ssh_key,
            _("one line of a .pub file, e.g. ssh-ed25519 AAAA... name"),
            _("Paste the line into this terminal. It is no secret. The private key stays where it is."),
        )
        draft.put([key], "admin", "ssh_keys")


def _password(_: Translate) -> Flow[str]:
    help_ = _(
        "At least {shortest} characters. Three or four words that do not belong together are easy to "
        "remember. It is not shown while it is typed. Write it down safely: there is no way in without it."
    ).format(shortest=SHORTEST)
    expects = _("at least {shortest} characters that every keyboard has").format(shortest=SHORTEST)

    def good(text: str) -> str:
        if not text.isascii() or not text.isprintable():
            raise ValueError(_("it has characters that not every keyboard and terminal has: use ASCII"))
        if not SHORTEST <= len(text) <= LONGEST:
            raise ValueError(
                _("it has {count} characters: {shortest} to {longest} are possible").format(
                    count=len(text), shortest=SHORTEST, longest=LONGEST
                )
            )
        return text

    title = _("The administrator's password")
    text = _("Choose the password of admin. It is not shown while you type.")
    first = yield Ask("password", title, text, good, expects, help_, secret=True)

    def same(again: str) -> str:
        if again != first:
            raise ValueError(_("it differs from the first one: type it again, or < to choose another"))
        return again

    text = _("Type the same password once more.")
    yield Ask("password-again", title, text, same, _("the same password again"), help_, secret=True)
    return str(first)


def host_name(_: Translate, draft: Draft, default: str) -> Flow[str]:
    """The node's name."""
    name = yield Ask(
        "hostname",
        _("Host name"),
        _("The name of this box. The two boxes of a pair need different names."),
        lambda text: draft.checked(values.host_name(text), "node", "name"),
        _("lower-case letters, digits and hyphens, e.g. fw-a or fw-a.example.com"),
        _(
            "It is also the name of the node in the cluster: the configuration says by it who is the "
            "master. Choose it once and for ever, e.g. by place or by the label on the box."
        ),
        default,
    )
    draft.put(name, "node", "name")
    return str(name)


def time_zone(_: Translate, draft: Draft, zones: tuple[str, ...]) -> Flow[None]:
    """Where the box is; part of a name finds it."""
    zone = yield Ask(
        "time-zone",
        _("Time zone"),
        _("The time zone of this box: its name, or a part of it such as a city."),
        _zone(_, zones),
        _("e.g. Europe/Berlin, or berlin, or UTC"),
        _("Logs and the console show this time. Configurations and their history are always in UTC."),
        "UTC",
    )
    draft.put(zone, "node", "time_zone")


def _zone(_: Translate, zones: tuple[str, ...]) -> Callable[[str], str]:
    def find(text: str) -> str:
        wanted = text.lower().replace(" ", "_")
        exact = [zone for zone in zones if zone.lower() == wanted]
        near = [zone for zone in zones if wanted in zone.lower()]
        city = [zone for zone in near if zone.lower().rpartition("/")[2] == wanted]
        for found in (exact, city, near):
            if len(found) == 1:
                return found[0]
        if not near:
            raise ValueError(_("{text} is no time zone that is known here").format(text=values.shown(text)))
        more = " ..." if len(near) > _SHOWN else ""
        raise ValueError(_("which one: {zones}").format(zones=", ".join(near[:_SHOWN]) + more))

    return find
