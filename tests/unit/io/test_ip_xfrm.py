"""What `ip xfrm` is told: the difference between what should be and what is there."""

from ipaddress import IPv4Address

import pytest

from hadaemon.hotwire.exclusive import SERVICES
from hadaemon.hotwire.keying import Wanted, Way
from hadaemon.io.programs import ip_xfrm
from hadaemon.io.programs.ip_xfrm import Between, Present, commands, present
from hadaemon.io.programs.run import ProgramError

ENDS = Between(IPv4Address("192.168.180.2"), IPv4Address("192.168.180.3"))
OLD_IN, OLD_OUT = Way(0x80000001, b"a" * 36), Way(0x80000002, b"b" * 36)
NEW_IN, NEW_OUT = Way(0x80000003, b"c" * 36), Way(0x80000004, b"d" * 36)
ASSOCIATIONS = """\
src 192.168.180.3 dst 192.168.180.2
\tproto esp spi 0x80000001 reqid 3780 mode transport
\treplay-window 0 flag esn
\tsel src 0.0.0.0/0 dst 0.0.0.0/0
src 192.168.180.2 dst 192.168.180.3
\tproto esp spi 0x80000002(2147483650) reqid 3780(0x00000ec4) mode transport
src 10.0.0.1 dst 10.0.0.2
\tproto esp spi 0x00000400 reqid 16385 mode tunnel
"""
POLICIES = """\
src 192.168.180.2/32 dst 192.168.180.3/32
\tdir out priority 3781 ptype main
\ttmpl src 192.168.180.2 dst 192.168.180.3
\t\tproto esp spi 0x80000002 reqid 3780 mode transport
src 192.168.180.3/32 dst 192.168.180.2/32 proto udp dport 3781
\tdir in priority 3780 ptype main
src 192.168.180.3/32 dst 192.168.180.2/32 proto udp dport 9999
\tdir in priority 3780 ptype main
src 10.1.0.0/16 dst 10.2.0.0/16
\tdir out priority 1000 ptype main
"""
"""Ours, one of them from a list that was longer; and a tunnel of somebody else."""


THERE = present(ASSOCIATIONS + POLICIES)


def removed(between: Between | None, wanted: Wanted) -> list[str]:
    return [line for line in commands(between, wanted, THERE) if " delete " in line]


def test_a_change_removes_nothing_before_it_is_settled() -> None:
    found = commands(ENDS, Wanted(NEW_IN), THERE)
    (added,) = [line for line in found if "state add" in line]
    assert "spi 0x80000003" in added
    assert "src 192.168.180.3 dst 192.168.180.2" in added
    assert "replay-window 256 flag esn" in added, "what was said once is not believed again"
    assert not [line for line in found if "state delete" in line]
    assert not [line for line in found if "dir out" in line and "tmpl" in line], "it sends as before"


def test_what_is_sent_with_comes_before_the_policy_that_names_it() -> None:
    found = commands(ENDS, Wanted(NEW_IN, NEW_OUT), THERE)
    added = next(number for number, line in enumerate(found) if "state add" in line and "0x80000004" in line)
    named = next(number for number, line in enumerate(found) if "tmpl" in line and "dir out" in line)
    assert added < named
    assert "spi 0x80000004" in found[named]


def test_settled_removes_the_rest_of_ours_alone_and_last() -> None:
    wanted = Wanted(NEW_IN, NEW_OUT, settled=True)
    found = commands(ENDS, wanted, THERE)
    states = [line for line in found if "state delete" in line]
    assert [line.rpartition(" ")[2] for line in states] == ["0x80000001", "0x80000002"]
    assert found[-2:] == states
    assert removed(ENDS, wanted)[0] == (
        "xfrm policy delete src 192.168.180.3/32 dst 192.168.180.2/32 proto udp dport 9999 dir in"
    )
    assert "10." not in "".join(found)


def test_other_ends_remove_what_was_between_the_former_ones() -> None:
    other = Between(IPv4Address("192.168.181.2"), IPv4Address("192.168.181.3"))
    lines = removed(other, Wanted(NEW_IN))
    assert len([line for line in lines if "state" in line]) == 2
    assert len([line for line in lines if "policy" in line]) == 3


def test_nothing_of_ours_stays_where_nothing_is_wanted() -> None:
    lines = commands(None, Wanted(settled=True), THERE)
    assert len(lines) == 5
    assert all(" delete " in line for line in lines)
    assert commands(None, Wanted(settled=True), Present()) == []


def test_what_has_keys_of_its_own_passes_in_clear_both_ways() -> None:
    found = commands(ENDS, Wanted(), Present())
    for service in SERVICES:
        matching = [line for line in found if f"proto {service.protocol} dport {service.port} " in line]
        assert len(matching) == (2 if service.clear else 0)
    assert [line for line in found if "dir in priority 3781 tmpl" in line], "everything else comes encrypted"


def test_what_it_was_told_is_known_without_asking_again() -> None:
    """Whatever is told next follows from the same as if the kernel had been asked."""
    wanted = Wanted(NEW_IN, NEW_OUT, settled=True)
    done = commands(ENDS, wanted, THERE)
    now = present(ASSOCIATIONS + POLICIES, done)
    assert {each.spi for each in now.associations} == {NEW_IN.spi, NEW_OUT.spi}
    assert not [line for line in commands(ENDS, wanted, now) if " delete " in line or " add " in line]
    gone = present(ASSOCIATIONS + POLICIES, [*done, *commands(None, Wanted(settled=True), now)])
    assert gone == Present()


def test_no_failure_shows_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*command: str, data: bytes, **_: object) -> str:
        if b"state add" not in data:
            return ""
        raise ProgramError(f"ip: Error: argument is wrong: {data.decode()}")

    monkeypatch.setattr(ip_xfrm, "run_program", fails)
    with pytest.raises(ProgramError) as told:
        ip_xfrm.Xfrm().protect(ENDS, Wanted(NEW_IN))
    assert NEW_IN.key.hex() not in str(told.value)
    assert "(a key)" in str(told.value)


def test_after_a_failure_the_kernel_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def listens(*command: str, data: bytes, **_: object) -> str:
        asked.append(data.decode().split()[2])
        if len(asked) == 2:
            raise ProgramError("ip: File exists")
        return ""

    monkeypatch.setattr(ip_xfrm, "run_program", listens)
    xfrm = ip_xfrm.Xfrm()
    with pytest.raises(ProgramError):
        xfrm.protect(ENDS, Wanted(NEW_IN))
    xfrm.protect(ENDS, Wanted(NEW_IN))
    xfrm.protect(ENDS, Wanted(NEW_IN, NEW_OUT))
    assert asked == ["list", "add", "list", "add", "add"]
