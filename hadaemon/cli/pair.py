"""`hactl pair`: two boxes on one cable, a code shown on one and typed on the other."""

import argparse

from hadaemon.cli.failure import CommandFailed, Exit
from hadaemon.cli.person import asked
from hadaemon.cli.places import add_places, paths_of
from hadaemon.language.speech import _, marked, told
from hadaemon.operations.pair import Pairing
from hadaemon.pairing.protocol import Paired, WrongCode, clean_code

ASKS = marked("the code that the other node shows: ")
_TRIES = 3


def add_show(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_places(command)
    command.set_defaults(run=_show)


def add_enter(command: argparse.ArgumentParser) -> None:
    """Adds its arguments."""
    add_places(command)
    command.set_defaults(run=_enter)


def _show(options: argparse.Namespace) -> None:
    paired = Pairing(paths_of(options)).show_code(
        lambda code, seconds: print("\n".join(code_lines(code, seconds)), flush=True)
    )
    _tell(paired)


def code_lines(code: str, seconds: float) -> tuple[str, ...]:
    """What the person has to know who types it on the other node."""
    return (
        _("on the other node, type  {code}").format(code=f"{code[:3]} {code[3:]}"),
        _("where its set-up asks for the code, or after `sudo hactl pair enter`"),
        _("the code is good for {seconds} s and three attempts").format(seconds=f"{seconds:g}"),
    )


def _enter(options: argparse.Namespace) -> None:
    pairing = Pairing(paths_of(options))
    for _attempt in range(_TRIES):
        try:
            code = clean_code(asked(_(ASKS)))
        except EOFError as error:
            raise CommandFailed(Exit.REFUSED, _("no code was typed")) from error
        try:
            paired = pairing.enter_code(code)
        except WrongCode as error:
            print(_("{why}: look again").format(why=told(str(error))))
        else:
            _tell(paired)
            return
    raise CommandFailed(Exit.REFUSED, _("the code was wrong three times: begin again on both nodes"))


def _tell(paired: Paired) -> None:
    print(paired_line(paired.peer.name, paired.peer.key.words))


def paired_line(peer: str, words: str) -> str:
    """The end of it, with words to compare by telephone."""
    return _("paired with {name}: {words}").format(name=peer, words=words)
