"""The list of what the hotwire carries."""

from hadaemon.hotwire.exclusive import SERVICES, Protocol


def test_the_list():
    carried = {(service.protocol, service.port) for service in SERVICES}
    assert carried == {
        (Protocol.TCP, 22),
        (Protocol.UDP, 3780),
        (Protocol.UDP, 3781),
        (Protocol.TCP, 3782),
        (Protocol.TCP, 3783),
    }
