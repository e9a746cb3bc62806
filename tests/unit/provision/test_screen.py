"""What a console shows, understood: prompts among everything else that is there."""

import pytest

from firmware.provision import screen
from firmware.provision.screen import Kind, Prompt
from hadaemon.cli.pair import ASKS, code_lines
from hadaemon.config.values import LANGUAGES
from hadaemon.language.speech import _, speak

TABLE = """
-- The network cards of this box ---------------------------------------------\r
   interface  MAC                driver      link  speed\r
1  enp1s0     52:54:00:48:0a:01  virtio_net  up    1 Gbit/s\r
2  enp2s0     52:54:00:48:0a:02  -           down  -\r
\r
-- Network cards -------------------------------------------------------------\r
  1  go on\r
cards [1] > """
OPTIONS = """
-- The hotwire ---------------------------------------------------------------\r
  1  enp1s0  52:54:00:48:0a:01\r
  2  enp2s0  52:54:00:48:0a:02\r
hotwire > """


@pytest.mark.parametrize(
    "text, prompt",
    [
        ("\r\nhostname [fw-480a01] > ", Prompt(Kind.QUESTION, "hostname", "fw-480a01")),
        ("\r\npassword > ", Prompt(Kind.QUESTION, "password")),
        ("\x1b[0m\r\n\x1b[1mlanguage > ", Prompt(Kind.QUESTION, "language")),
        ("\r\n-- Enter: more -- ", Prompt(Kind.MORE)),
        ("\r\n-- Eingabe: mehr -- ", Prompt(Kind.MORE)),
        ("the code that the other node shows: ", Prompt(Kind.CODE)),
        ("\r\nalpha login: ", Prompt(Kind.LOGIN)),
        ("\r\nPassword: ", Prompt(Kind.PASSWORD)),
        ("\r\nadmin@alpha:~$ ", Prompt(Kind.SHELL)),
    ],
)
def test_a_prompt_is_known_at_the_end_only(text: str, prompt: Prompt):
    assert screen.prompt_at_end(text) == prompt
    assert screen.prompt_at_end(f"{text}\r\n[ 12.345] eth0: link is up\r\n") is None


@pytest.mark.parametrize(
    "text, prompt",
    [
        ("hostname [fw-1] > ", Prompt(Kind.QUESTION, "hostname", "fw-1")),
        ("password > ", Prompt(Kind.QUESTION, "password")),
        ("-- Eingabe: mehr -- ", Prompt(Kind.MORE)),
        ("the code that the other node shows: ", Prompt(Kind.CODE)),
        ("alpha login: ", Prompt(Kind.LOGIN)),
    ],
)
@pytest.mark.parametrize("gap", ["", "\r\n"])
@pytest.mark.parametrize("torn", ["", " "])
def test_a_prompt_behind_which_something_was_written_is_found_again(
    text: str, prompt: Prompt, gap: str, torn: str
):
    message = "[ 12.345] eth0: link is up\r\n"
    assert screen.hidden_prompt(f"\r\nwrite > \r\n{text.removesuffix(torn)}{gap}{message}{torn}") == prompt


def test_what_is_no_prompt_is_not_found_again():
    assert screen.hidden_prompt("error -> pending > \r\n") is None
    assert (
        screen.hidden_prompt("-- Done ---------------------\r\nalpha is configured.\r\nLog in as admin.")
        is None
    )


def test_the_table_of_cards_is_read_whatever_the_language():
    assert [(row.interface, row.mac, row.link) for row in screen.card_table(TABLE)] == [
        ("enp1s0", "52:54:00:48:0a:01", "up"),
        ("enp2s0", "52:54:00:48:0a:02", "down"),
    ]


def test_a_card_is_chosen_by_its_mac():
    assert screen.option_of(TABLE + OPTIONS, "52:54:00:48:0a:02") == "2"
    assert screen.option_of(TABLE + OPTIONS, "52:54:00:48:0a:09") == ""
    assert screen.mac_in("\n-- Name of x --\nWhat is x (52:54:00:48:0a:02) for?") == "52:54:00:48:0a:02"


def test_a_refusal_is_told_whole():
    told = '\r\n! "192.168.12.300/24" is not an address: write it as in\r\n  192.168.12.1/24\r\nport > '
    assert screen.refusal(told) == '"192.168.12.300/24" is not an address: write it as in 192.168.12.1/24'
    assert screen.refusal("\r\nexpected: a number from 1 to 2\r\nx > ") == "expected: a number from 1 to 2"
    assert screen.refusal(TABLE) == ""


def test_a_wrong_speed_is_told_from_text():
    text = b"Dieses Geraet ist noch nicht eingerichtet.\r\n\x1b[0m"
    assert not screen.is_garbled(text * 3)
    assert screen.is_garbled(bytes(0x80 | byte for byte in text))
    assert not screen.is_garbled(b"\xff" * 5), "a few bytes prove nothing"


def test_the_boot_menu_is_only_known_while_it_waits():
    assert screen.shows_boot_menu("\x1b[2;25HGNU GRUB  version 2.12\r\n*Hotspare, slot A")
    assert not screen.shows_boot_menu("GNU GRUB\r\nBooting `Hotspare'\r\nLinux version 6.12")


def test_the_code_is_the_last_one():
    assert screen.code_shown("and type  123 456\r\nagain: type  654 321\r\n") == "654 321"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pairing_is_known_in_every_language(language: str):
    try:
        speak(language, serial=True)
        asked, shown = _(ASKS), "\r\n".join(code_lines("123456", 300))
    finally:
        speak("en")
    assert screen.prompt_at_end(f"\r\n{asked}") == Prompt(Kind.CODE)
    assert screen.hidden_prompt(f"\r\n{asked}[ 12.345] eth0: link is up\r\n") == Prompt(Kind.CODE)
    assert screen.code_shown(shown) == "123 456"
