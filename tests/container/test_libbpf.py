"""The library that would have systemd check programs that no unit asks for, at every start."""

from .pair import ContainerPair

ASKED_FOR_BY = "(SocketBindAllow|SocketBindDeny|RestrictNetworkInterfaces|RestrictFileSystems)="


def test_systemd_does_not_find_it_and_its_users_do(image_pair: ContainerPair) -> None:
    alpha = image_pair.node("alpha")
    mapped = alpha.run("cat /proc/1/maps", root=True).output
    assert "libsystemd-core" in mapped
    assert "libbpf" not in mapped
    for program in ("ip", "ss", "tc"):
        alpha.run(f"{program} -V", root=True)
    linked = alpha.run("for name in ip ss tc; do ldd $(command -v $name); done", root=True).output
    assert linked.count("libbpf/libbpf.so.1 (") == 3, linked


def test_no_unit_asks_for_what_it_is_needed_for(image_pair: ContainerPair) -> None:
    places = "/usr/lib/systemd/system /etc/systemd/system /run/systemd"
    found = image_pair.node("alpha").run(f"grep -rE '^{ASKED_FOR_BY}' {places}", root=True, check=False)
    assert found.status == 1, f"it would be left out in silence: {found.output}"
