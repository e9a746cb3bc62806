"""The image's kernel settings in the namespaces of a pair: VRRP works, and a backup answers for nothing."""

import signal

from scapy.layers.l2 import ARP, Ether

from .capture import Capture
from .kernel_settings import apply
from .pair import CLIENT, MAC, OWN, VIRTUAL, Pair
from .ping import Pinger
from .waiting import wait_for


def test_vrrp_works_with_them_and_a_backup_answers_for_no_virtual_address(pair: Pair) -> None:
    for node in pair.nodes:
        apply(node.namespace)
    pair.start()
    wire = Capture(pair.client, "eth0")
    for address in VIRTUAL.values():
        ask = Ether(src="52:54:00:48:0c:01", dst="ff:ff:ff:ff:ff:ff") / ARP(psrc=CLIENT, pdst=address)
        wire.send(bytes(ask))
    Pinger(pair.client, VIRTUAL["lan"]).ping(2)
    Pinger(pair.client, OWN["beta"]["lan"]).ping(2)
    answers = [frame[ARP] for _, frame in wire.read() if ARP in frame and frame[ARP].op == 2]
    assert {(answer.psrc, answer.hwsrc) for answer in answers if answer.psrc in VIRTUAL.values()} == {
        (VIRTUAL["lan"], MAC["alpha"]["lan"])
    }, "neither the backup, nor the active one for its other port"
    pair.alpha.signal(signal.SIGKILL)
    pair.alpha.wait_end()
    pair.beta.wait_state("active")
    wait_for("beta answers", lambda: Pinger(pair.client, VIRTUAL["lan"]).ping(2) is None, within=5)
