"""[alarms]: what is accepted, what is refused and why, and that no secret is repeated."""

import base64

import pytest

from hadaemon.alarms.model import Body, ContentType, MailTls
from hadaemon.config import ConfigError, load_cluster, load_node, render_cluster, render_node
from hadaemon.problems import Severity
from hadaemon.sync.difference import difference
from hadaemon.sync.tree import make_tree

NODE = 'schema = 1\nname = "alpha"\n[ports.lan]\nmac = "52:54:00:48:0a:01"\n'
CLUSTER = """schema = 1
name = "office"
master = "alpha"
[[ha_interfaces]]
port = "lan"
virtual_addresses = ["192.168.12.1/24"]
"""
PEM = f"""-----BEGIN CERTIFICATE-----
{base64.b64encode(bytes([0x30, *range(200)])).decode()}
-----END CERTIFICATE-----
"""
ALARMS = f"""
[alarms]
minimum = "minor"
reminder = "86400s"
[alarms.webhook]
url = "https://hooks.example.org/services/SECRETPATH?k=1"
token = "SECRETTOKEN=="
ca = '''{PEM}'''
timeout = "5s"
body = '{{"key": "SECRETKEY", "text": "{{text}}"}}'
[alarms.mail]
relay = "mail.example.org"
port = 465
tls = "tls"
user = "hotspare"
password = 'SECRET"p\\word #1'
from = "hotspare@example.org"
to = ["admin@example.org", "o'neil+fw@example.org"]
"""


def test_everything_is_read_and_written_again():
    for load, render, text in ((load_node, render_node, NODE), (load_cluster, render_cluster, CLUSTER)):
        config = load(text + ALARMS)
        assert load(render(config)) == config
        alarms = config.system.alarms
        assert alarms is not None
        assert (alarms.minimum, alarms.reminder) == (Severity.MINOR, 86400)
        assert alarms.webhook is not None
        assert alarms.webhook.timeout == 5.0
        assert alarms.webhook.body == Body('{"key": "SECRETKEY", "text": "{text}"}', ContentType.JSON)
        assert alarms.mail is not None
        assert (alarms.mail.tls, alarms.mail.password) == (MailTls.TLS, 'SECRET"p\\word #1')
        assert "SECRET" not in repr(config)


def test_defaults():
    alarms = load_node(f"{NODE}[alarms]\n").system.alarms
    assert alarms is not None
    assert (alarms.webhook, alarms.mail, alarms.minimum, alarms.reminder) == (None, None, "warning", 0)


def test_the_nodes_own_counts():
    own = load_node(f'{NODE}[alarms]\nminimum = "major"\n').system
    shared = load_cluster(CLUSTER + ALARMS).system
    assert own.over(shared).alarms == own.alarms
    assert load_node(NODE).system.over(shared).alarms == shared.alarms


def test_config_diff_shows_no_secret():
    old = make_tree({"cluster.toml": CLUSTER.encode()}, "old")
    new = make_tree({"cluster.toml": (CLUSTER + ALARMS).encode()}, "new")
    shown = "\n".join(difference(old, new))
    assert "alarms.webhook.url = (secret)" in shown
    assert "alarms.mail.relay" in shown
    assert "SECRET" not in shown


HOOK = '[alarms.webhook]\nurl = "https://a.example.org/"\n'
ACCOUNT = 'user = "hotspare"\npassword = "SECRET"\n'
MAIL = '[alarms.mail]\nrelay = "m.example.org"\nfrom = "a@example.org"\nto = ["b@example.org"]\n'


@pytest.mark.parametrize(
    "text,path,said",
    [
        ("[alarms]\nwebhok = 1", "alarms.webhok", "unknown key: did you mean webhook"),
        ('[alarms]\nminimum = "bad"', "alarms.minimum", '"bad" is not known: write one of critical, major'),
        ('[alarms]\nreminder = "10s"', "alarms.reminder", "out of range"),
        ("[alarms.webhook]", "alarms.webhook.url", "is missing"),
        ('[alarms.webhook]\nurl = "ftp://SECRET@a/"', "alarms.webhook.url", 'begins with "ftp"'),
        ('[alarms.webhook]\nurl = "SECRET"', "alarms.webhook.url", "write a https://"),
        ('[alarms.webhook]\nurl = "https://u:SECRET@a.org/"', "alarms.webhook.url", "has a user before @"),
        (
            '[alarms.webhook]\nurl = "https://a.org/\\r\\nSECRET: 1"',
            "alarms.webhook.url",
            "control characters",
        ),
        ('[alarms.webhook]\nurl = "https://a.org/SECRET x"', "alarms.webhook.url", "white space"),
        ('[alarms.webhook]\nurl = "https://a.org/#SECRET"', "alarms.webhook.url", "has a #"),
        ('[alarms.webhook]\nurl = "https://a.org:99999/SECRET"', "alarms.webhook.url", "is no address"),
        ('[alarms.webhook]\nurl = "https://a.org:0/SECRET"', "alarms.webhook.url", "port 0"),
        ('[alarms.webhook]\nurl = "https:///SECRET"', "alarms.webhook.url", "neither a name nor an address"),
        ('[alarms.webhook]\nurl = "https://a..org/SECRET"', "alarms.webhook.url", "neither a name"),
        ('[alarms.webhook]\nurl = "http://a.org/"\ntoken = "SECRET"', "alarms.webhook.token", "readable"),
        (f'{HOOK}token = "SECRET\\r\\nX: y"', "alarms.webhook.token", "is not a bearer token"),
        (f'{HOOK}ca = "SECRET"', "alarms.webhook.ca", "is not a certificate"),
        (f"{HOOK}ca = '''{PEM}SECRET'''", "alarms.webhook.ca", "is not a certificate"),
        (f'{HOOK}timeout = "61s"', "alarms.webhook.timeout", "from 1s to 60s"),
        (f'{HOOK}user = "SECRET"', "alarms.webhook.password", "is missing: the service wants both"),
        (f'{HOOK}password = "SECRET"', "alarms.webhook.user", "is missing: the service wants both"),
        (f'{HOOK}{ACCOUNT}token = "SECRET"', "alarms.webhook.token", "cannot go with user"),
        (f'{HOOK}user = "SEC:RET"\npassword = "SECRET"', "alarms.webhook.user", "has a : in it"),
        (f'{HOOK}user = "u"\npassword = "SECRETü"', "alarms.webhook.password", "printable ASCII"),
        (f'[alarms.webhook]\nurl = "http://a.org/"\n{ACCOUNT}', "alarms.webhook.password", "readable"),
        (f"{HOOK}body = ' '", "alarms.webhook.body", "is empty"),
        (f"{HOOK}body = '{'SECRET' * 3000}'", "alarms.webhook.body", "more than 16384"),
        (
            f'{HOOK}body = \'{{"SECRET": "{{subjct}}"}}\'',
            "alarms.webhook.body",
            "{subjct} is not a field: did you mean subject?",
        ),
        (f"{HOOK}body = '{{\"SECRET\": {{text}}}}'", "alarms.webhook.body", "is not JSON: line 1, column 13"),
        (f'{HOOK}body = \'{{"SECRET": "{{text}}",}}\'', "alarms.webhook.body", "is not JSON: line 1"),
        (f"{HOOK}body = '[NaN]'", "alarms.webhook.body", "a number in it is none"),
        (f"{HOOK}body = '{'[' * 16000}'", "alarms.webhook.body", "too much is nested"),
        (f'{HOOK}content_type = "text/plain"', "alarms.webhook.body", "is missing: content_type says"),
        (f'{HOOK}body = "SECRET"\ncontent_type = "json"', "alarms.webhook.content_type", "application/json"),
        (
            f'{HOOK}body = "key=SECRET&text={{text}} x"\ncontent_type = "application/x-www-form-urlencoded"',
            "alarms.webhook.body",
            "write it on one line",
        ),
        ("[alarms.mail]", "alarms.mail.to", "is missing"),
        (f'{MAIL}tls = "ssl"', "alarms.mail.tls", '"ssl" is not known: write one of starttls, tls, off'),
        (f'{MAIL}user = "SECRET"', "alarms.mail.password", "is missing: the relay wants both"),
        (f'{MAIL}user = "u"\npassword = "SECRET"\ntls = "off"', "alarms.mail.password", "readable by"),
        (f'{MAIL}user = "u"\npassword = "SECRET\\n"', "alarms.mail.password", "printable ASCII"),
        (
            MAIL.replace("b@example.org", "b@example.org\\r\\nBcc: x@y.org"),
            "alarms.mail.to[0]",
            "is not a mail address",
        ),
        (MAIL.replace("b@example.org", "-oX @example.org"), "alarms.mail.to[0]", "is not a mail address"),
        (MAIL.replace("a@example.org", "a"), "alarms.mail.from", "is not a mail address"),
        (MAIL.replace('"b@example.org"', '"b@example.org",' * 21), "alarms.mail.to", "20 are the limit"),
        (MAIL.replace("m.example.org", "m/x"), "alarms.mail.relay", "neither a name nor an address"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_without_a_secret(text: str, path: str, said: str):
    with pytest.raises(ConfigError) as refused:
        load_node(f"{NODE}{text}\n")
    problems = {problem.path: problem.message for problem in refused.value.mistakes}
    assert said in problems[path]
    assert "SECRET" not in str(problems)


@pytest.mark.parametrize("body", [Body("{text}", ContentType.TEXT), Body("a={text}", ContentType.FORM), None])
def test_a_webhook_with_an_account_is_read_and_written_again(body: Body | None):
    form = f'body = "{body.template}"\ncontent_type = "{body.content_type}"\n' if body else ""
    node = load_node(f"{NODE}{HOOK}{ACCOUNT}{form}")
    assert node.system.alarms is not None
    webhook = node.system.alarms.webhook
    assert webhook is not None
    assert (webhook.user, webhook.password, webhook.body) == ("hotspare", "SECRET", body)
    assert load_node(render_node(node)) == node
