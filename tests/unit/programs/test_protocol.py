"""What is no request and no answer is told so, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hadaemon.programs.protocol import Ended, Look, Run, answer_line, answer_of, request_line, request_of

REQUESTS = st.builds(
    Run,
    st.from_regex(r"\A[a-z][a-z.]*\Z"),
    st.text(),
    st.floats(0, 1000),
    st.dictionaries(st.text(), st.text()),
    st.lists(st.text()).map(tuple),
) | st.builds(Look, st.text())


@given(REQUESTS)
def test_a_request_comes_as_it_was_sent(request_: Run | Look):
    assert request_of(request_line(request_)) == request_


@given(st.builds(Ended, st.booleans(), st.text()))
def test_an_answer_comes_as_it_was_sent(answer: Ended):
    assert answer_of(answer_line(answer)) == answer


@pytest.mark.parametrize("line", [b"", b"1", b"[" * 4000, b'{"name": "../x"}', b"\xff", b'{"a":' * 4000])
def test_nonsense_is_a_value_error(line: bytes):
    with pytest.raises(ValueError, match="no request"):
        request_of(line)
    if line != b'{"name": "../x"}':
        with pytest.raises(ValueError, match="no answer"):
            answer_of(line)
