"""What is at the other end of a cable, from the frames that come in."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hadaemon.control.answers import Detected, DetectedPort
from hadaemon.hotwire.detection import (
    Beacon,
    Finding,
    PortEars,
    Verdict,
    candidate,
    decode_beacon,
    encode_beacon,
)
from hadaemon.operations.detection import detection_lines

OWN, PEER, OTHER = (bytes([2, 0, 0, 0, 0, number]) for number in (1, 2, 3))
ME, THEM, THIRD = b"instan-1", b"instan-2", b"instan-3"


def ears(*frames: bytes) -> Finding:
    port = PortEars(OWN.hex(":"), ME)
    for frame in frames:
        port.hear(frame)
    return port.finding()


def beacon(source: bytes = PEER, instance: bytes = THEM, near: bool = True, name: str = "beta") -> bytes:
    return encode_beacon(Beacon(instance, name, near), source)


def frame(destination: str, source: bytes = OTHER, kind: int = 0x0800) -> bytes:
    return bytes.fromhex(destination) + source + kind.to_bytes(2, "big") + bytes(46)


NEAR, FAR = beacon(), beacon(near=False)
STP = frame("0180c2000000", kind=0x0026)
LLDP = frame("0180c200000e", kind=0x88CC)
CDP = frame("01000ccccccc", kind=0x0100)


def test_one_other_appliance_and_nothing_else():
    assert ears(NEAR, FAR) == Finding(Verdict.DIRECT, PEER.hex(":"), "beta")
    assert ears(NEAR, FAR, frame("ffffffffffff", PEER)).verdict is Verdict.DIRECT, "its own other traffic"
    assert ears(NEAR, frame("ffffffffffff", OWN)).verdict is Verdict.DIRECT, "our own traffic"


def test_a_switch_shows_by_what_does_not_arrive():
    found = ears(FAR, FAR)
    assert found.verdict is Verdict.SWITCHED
    assert found.evidence == ("what no switch forwards does not arrive",)


def test_a_switch_shows_by_what_it_adds():
    for heard, what in ((STP, "spanning tree is heard"), (LLDP, "LLDP is heard"), (CDP, "CDP is heard")):
        found = ears(NEAR, FAR, heard)
        assert found.verdict is Verdict.SWITCHED
        assert what in found.evidence
    found = ears(NEAR, FAR, frame("ffffffffffff"))
    assert found.evidence == (f"other stations are heard: {OTHER.hex(':')}",)


def test_three_other_stations_are_named_and_more_are_said_to_be_there():
    stations = [bytes.fromhex(f"52540000000{number}") for number in range(1, 5)]
    named = "other stations are heard: 52:54:00:00:00:01, 52:54:00:00:00:02, 52:54:00:00:00:03"
    heard = [frame("ffffffffffff", station) for station in stations]
    assert ears(NEAR, FAR, *heard[:3]).evidence == (named,)
    assert ears(NEAR, FAR, *heard).evidence == (f"{named}, …",)


def test_everything_else():
    assert ears().verdict is Verdict.SILENT
    assert ears(STP).verdict is Verdict.FOREIGN
    assert ears(frame("ffffffffffff")).verdict is Verdict.FOREIGN
    assert ears(beacon(instance=ME)).verdict is Verdict.LOOP
    several = ears(NEAR, beacon(OTHER, THIRD, name="gamma"))
    assert several.verdict is Verdict.SEVERAL
    assert several.evidence == (f"beta ({PEER.hex(':')})", f"gamma ({OTHER.hex(':')})")
    unplugged = PortEars(OWN.hex(":"), ME, carrier=False)
    assert unplugged.finding().verdict is Verdict.NO_CARRIER


def test_boxes_of_every_version_know_each_other_by_the_same_bytes():
    head = bytes.fromhex("0180c200000e") + PEER + b"\x88\xb5"
    assert beacon() == (head + b"HSBC\x01\x01instan-2\x04beta").ljust(60, b"\0")


def test_no_more_than_sixteen_appliances_are_remembered():
    boxes = [beacon(bytes([2, 0, 0, 0, 1, number]), bytes([number] * 8)) for number in range(1, 18)]
    assert len(ears(*boxes[:16]).evidence) == len(ears(*boxes).evidence) == 16


def test_a_box_that_only_says_that_it_is_here_has_no_name_until_it_searches_itself():
    steady = beacon(name="")
    assert ears(steady) == Finding(Verdict.DIRECT, PEER.hex(":"), "")
    assert ears(steady, NEAR, steady) == Finding(Verdict.DIRECT, PEER.hex(":"), "beta")


def test_one_port_is_one_appliance_whoever_sends_on_it():
    """The daemon may start anew meanwhile, and `hactl pair show` sends beside it."""
    found = ears(beacon(name=""), beacon(instance=THIRD, near=False, name="beta"))
    assert found == Finding(Verdict.DIRECT, PEER.hex(":"), "beta")


def test_the_candidate_is_the_only_direct_one():
    direct, switched = Finding(Verdict.DIRECT), Finding(Verdict.SWITCHED)
    assert candidate({"eth0": switched, "eth1": direct}) == "eth1"
    assert candidate({"eth0": direct, "eth1": direct}) is None
    assert candidate({"eth0": switched}) is None
    assert candidate({}) is None


def test_a_beacon_comes_back_as_it_was():
    for name in ("", "beta", "a" * 63):
        for near in (True, False):
            sent = Beacon(THEM, name, near)
            data = encode_beacon(sent, PEER)
            assert len(data) >= 60
            assert decode_beacon(data) == sent
    assert decode_beacon(LLDP) is None


def test_a_beacon_of_which_one_thing_is_wrong_is_none():
    assert decode_beacon(NEAR) is not None
    assert decode_beacon(NEAR.replace(b"HSBC", b"HSBX")) is None, "magic"
    assert decode_beacon(NEAR.replace(b"HSBC\x01", b"HSBC\x02")) is None, "version"
    assert decode_beacon(NEAR.rstrip(b"\0")[:-1]) is None, "cut off"
    long = beacon(name="b" * 63).replace(b"\x3f" + b"b" * 63, b"\x40" + b"b" * 64)
    assert decode_beacon(long) is None, "longer than a name may be"


def test_a_frame_may_be_as_short_as_its_content():
    assert decode_beacon(beacon(name="").rstrip(b"\0") + b"\0") == Beacon(THEM, "", True)
    assert ears(frame("ffffffffffff")[:14]).verdict is Verdict.FOREIGN


def test_a_name_that_a_terminal_could_not_show_is_a_question_mark():
    data = encode_beacon(Beacon(THEM, "beta", True), PEER)
    for name in (b"be\x1ba", b"be\xffa"):
        assert decode_beacon(data.replace(b"beta", name)) == Beacon(THEM, "?", True)


@given(st.lists(st.binary(max_size=100), max_size=50))
def test_no_frames_do_any_harm(frames: list[bytes]):
    found = ears(*frames)
    assert found.verdict in (Verdict.SILENT, Verdict.FOREIGN)
    assert len(str(found)) < 1000


@given(st.binary(max_size=80))
def test_no_body_does_any_harm(body: bytes):
    ears(NEAR[:14] + body)
    ears(NEAR[:18] + body)


PORT = DetectedPort("enp3s0", "02:00:00:00:00:01", 1000, Verdict.DIRECT, "02:00:00:00:00:02", "beta", ())


def test_what_is_printed():
    lines = list(detection_lines(Detected((PORT,), "enp3s0", "enp3s0: no such")))
    assert "cabled directly to beta 02:00:00:00:00:02" in lines[1]
    assert "1000 Mbit/s" in lines[1]
    assert lines[-2] == 'the hotwire is enp3s0: in node.toml, [ports.hotwire] mac = "02:00:00:00:00:01"'
    assert lines[-1] == "it cannot blink (enp3s0: no such)"
    heard = ("LLDP is heard",)
    switched = replace(PORT, verdict=Verdict.SWITCHED, evidence=heard, speed=None, peer_name="")
    lines = list(detection_lines(Detected((switched,), None)))
    told = "a switch in between: the cable must be direct; an unpaired node 02:00:00:00:00:02 (LLDP is heard)"
    assert told in lines[1]
    assert "no port is the hotwire for sure" in lines[-1]
    assert "nothing to detect" in next(detection_lines(Detected((), None)))
