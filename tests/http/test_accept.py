"""`Accept`: which clients get problems."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ninepanels.http.accept import PROBLEM_JSON
from ninepanels.http.accept import prefers_problem

from ..support.values import for_each


@for_each(
    "accept",
    [
        "application/problem+json",
        "Application/Problem+JSON",
        "application/problem+json, */*",
        "application/json, application/problem+json",
        "application/json;q=0.5, application/problem+json;q=0.5",
        "application/problem+json;q=0.9, application/json;q=0.8, */*",
        "application/problem+json;q=0.9,application/*;q=0.8,*/*;q=1",
        "text/html, application/problem+json;q=0.001",
        "application/problem+json ; charset=utf-8 ; Q=1.000",
        ' , application/problem+json;profile="a, application/json; q=1" ,',
        r'application/json;a="\",";q=0, application/problem+json;q=0.1',
        "application/json;q=0, application/problem+json;q=0.5, */*;q=0.9",
    ],
)
def test_a_client_that_names_problems_and_ranks_json_no_higher_gets_problems(accept: str) -> None:
    assert prefers_problem(accept)


@for_each(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/problem+xml",
        "application/problem+json;q=0.9, application/json",
        "application/problem+json;q=0.9, */*",
        "application/problem+json;q=0.5, application/*;q=0.6, */*;q=0.1",
        "application/problem+json;q=0",
        "application/problem+json;q=0.000, */*;q=0",
        "application/problem+json;q=2",
        "application/problem+json;q=-1",
        "application/problem+json;q=0.1234",
        "application/problem+json;q=nan",
        "application/problem+json;q=",
        'application/json;profile="application/problem+json"',
        'text/plain;a="open, application/problem+json',
    ],
)
def test_other_clients_get_the_envelope(accept: str) -> None:
    assert not prefers_problem(accept)


elements = st.lists(
    st.sampled_from([PROBLEM_JSON, "application/json", "application/*", "*/*", "a/b"]), unique=True, min_size=1
).flatmap(lambda ranges: st.tuples(*(st.sampled_from([f"{each};q={q}" for q in (0, 0.5, 1)]) for each in ranges)))


@given(elements, st.randoms(use_true_random=False))
def test_the_order_is_not_relevant(elements: tuple[str, ...], random: Random) -> None:
    shuffled = random.sample(elements, len(elements))
    assert prefers_problem(",".join(elements)) == prefers_problem(" , ".join(shuffled))


@given(
    st.lists(st.sampled_from(['"', "\\", ",", ";", "=", "q", "0", ".", " ", "a/b", PROBLEM_JSON, "\xe9"])).map("".join)
)
def test_any_text_is_parsed_and_only_the_name_gives_problems(accept: str) -> None:
    assert PROBLEM_JSON in accept or not prefers_problem(accept)
