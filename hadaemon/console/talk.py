"""The executor: takes a flow from its first question to its end, over one terminal."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from hadaemon.console.terminal import HEIGHT, WIDTH, Terminal, wrapped
from hadaemon.language.speech import told
from hadaemon.menu.conversation import Conversation, Done
from hadaemon.menu.steps import Act, Ask, Choose, Contradiction, Failed, Flow, Pause, Show, Translate
from hadaemon.text.plain import plain

T = TypeVar("T")

_WRONG = "! "
"""How a line begins that says what is wrong."""
HELP, BACK, STOP = "?", "<", "!"
NOTHING = "-"
"""Where an answer is optional and a default is offered all the same."""
LONGEST = 4000
"""Characters of an answer: a terminal's line has no more."""
_SHOWN = 43
"""Characters of a default in the prompt: a line of 80 columns that is full scrolls sideways."""
_GAP = "..."

Perform = Callable[[object], object]
"""Carries an action out; a `Failed` where it came to nothing."""


class Stopped(Exception):
    """The person does not want to go on; nothing that was not confirmed has happened."""


def talk(
    begin: Callable[[], Flow[T]],
    terminal: Terminal,
    perform: Perform,
    translations: Mapping[str, Translate],
    language: str,
) -> T:
    """The flow's result. Raises Stopped, and EOFError when the line is gone."""
    conversation = Conversation(begin)
    while True:
        step = conversation.step
        translate = translations[conversation.answered("language") or language]
        match step:
            case Done(result):
                return result
            case Show():
                _show(step, terminal, translate)
                conversation.answer(None)
            case Pause():
                terminal.read("continue > ")
                conversation.answer(None)
            case Act():
                if step.doing:
                    _lines(terminal, step.doing)
                conversation.answer(_performed(step, perform, translate))
            case Ask() | Choose():
                _question(step, conversation, terminal, translate)


def _performed(step: Act, perform: Perform, translate: Translate) -> object:
    try:
        done = perform(step.action)
    except KeyboardInterrupt:
        return Failed((translate("interrupted"),))
    if not isinstance(done, Failed):
        return done
    return Failed(tuple(told(translate(reason)) for reason in done.reasons))


def _show(step: Show, terminal: Terminal, translate: Translate) -> None:
    terminal.write()
    if step.title:
        terminal.write(_rule(step.title))
    said = (told(text) if text.startswith(_WRONG) else text for text in step.lines)
    lines = [line for text in said for line in wrapped(text)]
    for number, line in enumerate(lines):
        if number and number % HEIGHT == 0 and _more(terminal, translate) == STOP:
            raise Stopped
        terminal.write(line)


def _more(terminal: Terminal, translate: Translate) -> str:
    return terminal.read(plain(translate("-- Enter: more, ! stops -- "))).strip()


def _question(
    step: Ask | Choose, conversation: Conversation[T], terminal: Terminal, translate: Translate
) -> None:
    """Asks until there is an answer, or goes back."""
    _ = translate
    default = conversation.remembered(step.key) or _default(step)
    _head(step, terminal, default)
    while True:
        typed = _typed(step, terminal, default)
        if typed == STOP:
            raise Stopped
        if typed == BACK:
            if conversation.back():
                return
            _lines(terminal, _("! There is nothing to go back to."))
        elif typed == HELP:
            _lines(terminal, step.help)
            _lines(terminal, _expected(step, translate))
            if isinstance(step, Ask) and step.optional:
                _lines(terminal, _("{nothing} stands for none.").format(nothing=NOTHING))
            _lines(terminal, _("{back} goes back, {stop} stops.").format(back=BACK, stop=STOP))
        else:
            try:
                value = _value(step, typed or default, translate)
            except ValueError as error:
                _refuse(error, step, conversation, terminal, translate)
            else:
                conversation.answer(value, typed or default)
                return


def _refuse(
    error: ValueError,
    step: Ask | Choose,
    conversation: Conversation[T],
    terminal: Terminal,
    translate: Translate,
) -> None:
    """What is wrong, what is expected, and whether the wrong answer may be an earlier one."""
    questions = error.questions if isinstance(error, Contradiction) else ()
    contradiction = Contradiction(told(str(error)), *questions)
    _lines(terminal, f"! {contradiction.told(translate, conversation.remembered)}")
    if str(error) != (expected := _expected(step, translate)):
        _lines(terminal, expected)
    if any(conversation.leads_back_to(each.key) for each in contradiction.questions):
        _lines(terminal, translate("{back} leads back there, question by question.").format(back=BACK))


def _typed(step: Ask | Choose, terminal: Terminal, default: str) -> str:
    prompt = plain(f"{step.key} [{_short(default)}] > " if default else f"{step.key} > ")
    secret = isinstance(step, Ask) and step.secret
    try:
        text = terminal.read_secret(prompt) if secret else terminal.read(prompt)
    except KeyboardInterrupt:
        terminal.write()
        raise Stopped from None
    return text if secret else text.strip(" ")


def _short(text: str) -> str:
    """As much of an answer as leaves room for another one on the line: of a key its beginning and its end."""
    if len(text) <= _SHOWN:
        return text
    half = (_SHOWN - len(_GAP)) // 2
    return f"{text[:half]}{_GAP}{text[-half:]}"


def _default(step: Ask | Choose) -> str:
    if isinstance(step, Ask):
        return step.default or (NOTHING if step.optional else "")
    words = [option.word for option in step.options]
    return str(words.index(step.default) + 1) if step.default in words else ""


def _value(step: Ask | Choose, text: str, translate: Translate) -> object:
    """Raises ValueError with what is wrong, in one line."""
    _ = translate
    if len(text) > LONGEST:
        raise ValueError(_("that is too long: {longest} characters at most").format(longest=LONGEST))
    if not text.isprintable():
        raise ValueError(_("characters came in that are no text: please type it again"))
    if isinstance(step, Ask):
        if text or step.optional:
            return step.parse("" if step.optional and text == NOTHING else text)
        raise ValueError(_expected(step, translate))
    words = [option.word for option in step.options]
    if text in words:
        return text
    if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= len(words):
        return words[int(text) - 1]
    raise ValueError(_expected(step, translate))


def _expected(step: Ask | Choose, translate: Translate) -> str:
    _ = translate
    if isinstance(step, Ask):
        return _("expected: {what}").format(what=step.expects)
    if len(step.options) == 1:
        return _("expected: 1")
    return _("expected: a number from 1 to {last}").format(last=len(step.options))


def _head(step: Ask | Choose, terminal: Terminal, default: str) -> None:
    terminal.write()
    terminal.write(_rule(step.title))
    _lines(terminal, step.text)
    if isinstance(step, Choose):
        for number, option in enumerate(step.options, start=1):
            for line in wrapped(f"{number:3}  {option.label}"):
                terminal.write(line)


def _lines(terminal: Terminal, text: str) -> None:
    for line in wrapped(text):
        terminal.write(line)


def _rule(title: str) -> str:
    """A heading that a person finds again when scrolling back."""
    return f"-- {plain(title)} ".ljust(WIDTH, "-")[:WIDTH]
