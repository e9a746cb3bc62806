"""One box, from whatever its console shows to a configured node.

The order is always the same. First the menu is brought to its beginning. Then a look: harmless answers lead
to the table of network cards, which says which box this is; `!` forgets them. Only then are the file's
answers typed, so a wrong box is told no password, and nothing is written on it. What is typed before the
summary is confirmed changes nothing.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable

from firmware.lab.deadline import Deadline
from firmware.lab.errors import DeadlineExceeded
from firmware.provision import screen
from firmware.provision.answers import HOTWIRE, Box, Site, is_secret
from firmware.provision.board import Board, Stage
from firmware.provision.errors import NotCarried, ProvisionError
from firmware.provision.screen import Kind, Prompt
from firmware.provision.typist import ENTER, KILL, REDRAW, TRIES, Typist

STOP, BACK = "!", "<"
NUDGE_SECONDS = 5.0
STEP_SECONDS = 120.0
"""A question after the one before: the cards are looked at meanwhile."""
WORK_SECONDS = 400.0
"""Writing, pairing and pulling the configuration may each take so long."""
_BEFORE_WRITING = frozenset(
    (
        *("language", "start", "admin", "password", "password-again", "ssh-key", "hostname", "time-zone"),
        *("cards", "purpose", "hotwire-find", "hotwire", "gateway", "dns", "ntp", "ssh", "cluster"),
        *("internet", "go-out", "source-nat"),
        *("vrid-offset", "priority", "follow-ports", "follow-services", "passphrase", "key"),
        *("repair", "write"),
    )
)
_OF_PORTS = ("port-", "addresses-", "virtual-", "dhcp-", "pppoe-")
_AFTER_WRITING = ("pair", "pair-again", "join-again", "check", "card-")
_WORDS = {"start": "set-up", "cards": "go-on", "hotwire-find": "by-hand", "write": "yes"}
"""What is always answered so: the file cannot say anything else."""
_UNREADABLE = "unreadable"
"""What a box asks whose data partition cannot be used."""
_AGAIN = 2
"""How often pairing is tried once more."""
_TAKEN_WRONG = re.compile("characters came in|es kamen Zeichen")


class Setup:
    """The work at one port."""

    def __init__(
        self, typist: Typist, site: Site, board: Board, say: Callable[[str], None], wait: float
    ) -> None:
        """`say` gets what the port is at; `wait`: seconds that the box may take to show its menu."""
        self.typist = typist
        self.box: Box | None = None
        self.written = False
        """Something was changed on the box."""
        self._site, self._board, self._say, self._wait = site, board, say, wait
        self._asked: Counter[str] = Counter()
        self._unpaired = False
        """Pairing has failed, and was given up."""
        self._last = ""
        """The question that was answered last."""

    def run(self) -> str:
        """What has become of the box, in words. Raises FirmwareError."""
        self._begin()
        box = self._look()
        self._board.found(box.name)
        self.box = box
        try:
            return self._converse(box)
        except NotCarried:
            if self.written:
                raise
        self._say("the line was lost, and nothing is written: beginning anew")
        self._begin()
        self._look_again(box)
        return self._converse(box)

    def _converse(self, box: Box) -> str:
        """From the first question to the login prompt."""
        self._say("answering")
        while True:
            prompt = self._next()
            match prompt.kind:
                case Kind.QUESTION:
                    self._answer(box, prompt)
                case Kind.MORE:
                    self.typist.type("")
                case Kind.CODE:
                    self._type_code(box)
                case Kind.LOGIN:
                    return self._end(box)
                case _:
                    self._unexpected(prompt)

    # To the beginning of the menu

    def _begin(self) -> None:
        """The first question, with nothing answered."""
        self._say("waiting for the menu")
        deadline = Deadline(self._wait)
        torn = 0
        while True:
            prompt = self._first_prompt(deadline)
            match prompt.kind:
                case Kind.MORE:
                    self.typist.type("")
                case Kind.GRUB:
                    self.typist.press(ENTER)
                    self.typist.forget()
                case Kind.QUESTION if prompt.key == "language":
                    return
                case Kind.QUESTION if prompt.key == _UNREADABLE:
                    raise self._unreadable()
                case Kind.QUESTION if self._is_first_boot(prompt.key):
                    self._say(f"the menu is half answered (at {prompt.key}): beginning anew")
                    self._stop(prompt)
                case Kind.QUESTION if not self._is_known(prompt.key) and torn < TRIES:
                    torn += 1  # A message of the kernel may have torn it in two.
                    self.typist.draw_again()
                case _:
                    self._not_ours(prompt)

    def _first_prompt(self, deadline: Deadline) -> Prompt:
        """What waits; a silent line is nudged, by a key that no prompt takes for an answer, then by Enter."""
        keys = [REDRAW, KILL + ENTER]
        while True:
            quiet = Deadline(NUDGE_SECONDS)
            while not quiet.expired:
                if (found := self.typist.glance()) is not None:
                    return found
            if self.typist.garbled:
                raise ProvisionError(
                    "what comes from the port is no text: the speed is probably wrong",
                    self.typist.url,
                    "name another one with --baud; a node speaks 115200",
                )
            if screen.shows_boot_menu(self.typist.news):
                return Prompt(Kind.GRUB)
            if deadline.expired:
                came = f"The last words: {self.typist.screen[-300:]!r}" if self.typist.screen.strip() else ""
                raise ProvisionError(
                    "no menu came" if came else "nothing at all came from the port",
                    self.typist.url,
                    came or "is the box on, the cable a null-modem one, and the speed right (--baud)?",
                )
            self.typist.press(keys[0])
            keys.reverse()

    def _stop(self, prompt: Prompt) -> None:
        """Forgets all answers; the menu begins anew."""
        self.typist.type(STOP, secret=prompt.key.startswith("password"))

    def _is_first_boot(self, key: str) -> bool:
        return key in _BEFORE_WRITING or key.startswith(_OF_PORTS)

    def _is_known(self, key: str) -> bool:
        return self._is_first_boot(key) or key.startswith(_AFTER_WRITING)

    def _unreadable(self) -> ProvisionError:
        return ProvisionError(
            "this box cannot read its data partition, so that nothing can be set up: nothing was changed",
            self.typist.url,
            "its console says why; flash it anew, or replace its disk",
        )

    def _not_ours(self, prompt: Prompt) -> None:
        if prompt.kind is Kind.CODE or prompt.key.startswith(_AFTER_WRITING):
            raise ProvisionError(
                "somebody is setting this box up just now, and it is written already: nothing was changed",
                self.typist.url,
                "finish it by hand, or reset it to factory defaults in `hactl menu`",
            )
        what = {Kind.LOGIN: "a login prompt", Kind.PASSWORD: "a login prompt", Kind.SHELL: "a shell"}
        shows = what.get(prompt.kind, f"the question {prompt.key}")
        raise ProvisionError(
            f"this box is configured already: it shows {shows}. Nothing was changed",
            self.typist.url,
            "log in and choose `factory reset` in `hactl menu` to begin anew",
        )

    # Which box it is

    def _look(self) -> Box:
        """Raises ProvisionError: it is not the box that the file means."""
        self._say("looking at its network cards")
        throwaway = secrets.token_hex(8)
        harmless = {
            "language": "en",
            "admin": "password",
            "password": throwaway,
            "password-again": throwaway,
            **_WORDS,
        }
        box: Box | str = ""
        tables = 0
        while True:
            prompt = self._next()
            if prompt.key == "cards":
                box = self._site.box_at(self.typist.url, screen.card_table(self.typist.news))
                tables += 1
                if isinstance(box, Box) or tables == TRIES:
                    break
                # A digit may have been lost on its way.
                self._type("cards", "again")
                continue
            if prompt.kind is not Kind.QUESTION or not self._is_first_boot(prompt.key):
                self._unexpected(prompt)
            self._asked[prompt.key] += 1
            if self._asked[prompt.key] > TRIES:
                raise self._refused(prompt.key, "")
            self._type(prompt.key, harmless.get(prompt.key, ""))
        while prompt.key != "language":
            # A key that is lost on its way must not leave anything of these answers.
            if not self._is_first_boot(prompt.key):
                self._unexpected(prompt)
            self._stop(prompt)
            prompt = self._next()
        self._asked.clear()
        if isinstance(box, str):
            raise ProvisionError(
                f"this is the wrong box, and nothing was written: {box}",
                f"{self._site.file}, {self.typist.url}",
                "plug the cable into the right box, or mend ports in the file",
            )
        return box

    def _look_again(self, box: Box) -> None:
        """After a restart. Raises ProvisionError: it is another box now."""
        if self._look() is not box:
            raise ProvisionError("another box is at this port now: nothing was written", self.typist.url)

    # The answers

    def _next(self) -> Prompt:
        seconds = WORK_SECONDS if self.written else STEP_SECONDS
        try:
            prompt = self.typist.prompt(seconds)
            for _ in range(TRIES):
                if prompt.kind is not Kind.QUESTION or self._is_known(prompt.key):
                    break
                if prompt.key == _UNREADABLE:
                    raise self._unreadable()
                self.typist.draw_again()
                prompt = self.typist.prompt(seconds)
            return prompt
        except DeadlineExceeded as error:
            where = f"{self.typist.url}, after the answer to {self._last or 'nothing'}"
            raise ProvisionError(error.what, where, error.todo) from error

    def _answer(self, box: Box, prompt: Prompt) -> None:
        key = prompt.key
        if key == "language" and self._asked[key] and not self.written:
            self._say("the box has begun anew: so do we")
            self._look_again(box)
        news = self.typist.news
        reason = screen.refusal(news) if key == self._last else ""
        self._asked[key] += 1
        if reason and not _TAKEN_WRONG.search(reason) and key not in ("password", "password-again"):
            raise self._refused(key, reason)
        if self._asked[key] > TRIES + _AGAIN:
            raise self._refused(key, reason or "it is asked again and again")
        if key == "password-again" and reason:
            # One of the two was not what was typed: nobody can see which.
            self._type(key, BACK)
            return
        match key:
            case "write":
                self._write(box)
            case "pair":
                self._pair(box)
            case "pair-again":
                again = self._asked[key] <= _AGAIN
                self._type(key, "again" if again else "later")
                self._unpaired = not again
                if again:
                    self._await_code(box)
            case "join-again":
                # The last word of the pairing may have been lost: then the master shows another code.
                way = "pair" if self._board.shows_code(box.joins) else "again"
                self._type(key, way if self._asked[key] <= _AGAIN else "later")
            case _:
                self._type(key, self._reply(box, key, news))

    def _reply(self, box: Box, key: str, news: str) -> str:
        """What the file says; nothing is the question's own default."""
        if key in _WORDS:
            return _WORDS[key]
        if key == "password-again":
            return box.answers["password"]
        if key == HOTWIRE or key.startswith("card-"):
            mac = box.ports.get(key.removeprefix("card-"), "")
            number = screen.option_of(news, mac) if mac else ""
            if not number:
                raise ProvisionError(
                    f"the menu asks for the card of {key.removeprefix('card-')}, and offers none that is it",
                    f"{self._site.file}: {box.place}: ports",
                    "add the port to ports",
                )
            return number
        if key.startswith("port-"):
            mac = screen.mac_in(news)
            return next((port for port, own in box.ports.items() if own == mac), "-")
        return box.answers.get(key, "")

    def _type(self, key: str, text: str) -> None:
        self._last = key
        self.typist.type(text, secret=is_secret(key) or key == "password-again")

    def _refused(self, key: str, reason: str) -> ProvisionError:
        place = f"{self._site.file}: {self.box.place}: {key}" if self.box else f"{self.typist.url}: {key}"
        given = self.box is not None and key in self.box.answers
        todo = f"mend {key}" if given else f"add {key} to the file"
        return ProvisionError(f"the box refuses the answer to {key}: {reason or 'no reason'}", place, todo)

    # Writing and pairing

    def _write(self, box: Box) -> None:
        """Nothing is written on either box of a pair before both are at their summary."""
        if self.written:
            raise self._refused("write", screen.refusal(self.typist.news))
        self._board.reached(box.name, Stage.SUMMARY)
        if other := self._other(box):
            self._say(f"waiting for {other.name}")
            self._board.wait_for(other.name, Stage.SUMMARY)
        self._say("writing")
        self.written = True
        self._type("write", _WORDS["write"])

    def _other(self, box: Box) -> Box | None:
        """The other box of the pair, when this run pairs them."""
        if box.purpose == "join":
            return next(one for one in self._site.boxes if one.name == box.joins)
        spare = self._site.spare_of(box)
        return None if box.answers.get("pair") == "later" else spare

    def _pair(self, box: Box) -> None:
        """A code is good for minutes only: it is shown once the spare asks for it."""
        self._board.reached(box.name, Stage.WRITTEN)
        spare = self._other(box)
        if spare is None:
            self._type("pair", "later")
            return
        self._say(f"waiting for {spare.name} to ask for the code")
        self._board.wait_for(spare.name, Stage.WAITS_FOR_CODE)
        self._type("pair", "now")
        self._await_code(box)

    def _await_code(self, box: Box) -> None:
        """Of a master."""
        if box.purpose != "create":
            return
        self._say("showing the code")
        deadline = Deadline(STEP_SECONDS)
        while not (code := screen.code_shown(self.typist.news)):
            deadline.check("a pairing code", self.typist.url, f"{self.typist.screen[-300:]!r}")
            self.typist.pause(1.0)
        self._board.show_code(box.name, code)

    def _type_code(self, box: Box) -> None:
        self._board.reached(box.name, Stage.WAITS_FOR_CODE)
        self._say(f"waiting for the code of {box.joins}")
        code = self._board.take_code(box.joins)
        self._say("typing the code")
        self.typist.type(code, secret=True)

    # The end

    def _end(self, box: Box) -> str:
        """The login prompt is there. Raises ProvisionError when the box has become something else."""
        if not self.written:
            raise ProvisionError(
                "a login prompt came before anything was written: the box was configured at another console",
                self.typist.url,
            )
        self._board.reached(box.name, Stage.DONE)
        shown = " ".join(self.typist.screen.split())
        if box.purpose == "join" and not ("BACKUP" in shown and "configuration: synchronized" in shown):
            raise ProvisionError(
                f"{box.name} is configured, and does not take part in the cluster yet: "
                f"{' '.join(self.typist.news.split())[-300:]}",
                self.typist.url,
                "log in and see `hactl status`; `hactl menu` has `join` and `synchronize`",
            )
        if self._unpaired:
            raise ProvisionError(
                f"{box.name} is configured, and not paired",
                self.typist.url,
                "look at the hotwire's cable, log in and choose `keys and pairing` in `hactl menu`",
            )
        if box.purpose == "join":
            return "backup, synchronized"
        return "master, paired" if self._other(box) else "configured"

    def _unexpected(self, prompt: Prompt) -> None:
        state = "it is written" if self.written else "nothing was written"
        raise ProvisionError(
            f"the console shows a {prompt.kind} prompt in the middle of the menu ({state}): "
            "did the box restart, or does somebody else type?",
            self.typist.url,
            "run the command again",
        )
