"""The registry of errors."""

import inspect

from docs import errors
from ninepanels import exceptions
from ninepanels.environments import ROOT
from ninepanels.http.problems import PROBLEM_TYPES
from ninepanels.http.problems import ProblemType

from ..support.values import for_each

# Part of the API: clients contain these codes. Add new ones, but neither rename nor remove any, nor change a status.
CODES = {
    "admin_second_factor_required": 403,
    "second_factor_on": 400,
    "second_factor_required": 401,
    "wrong_code": 403,
    "wrong_second_factor": 401,
    "bad_http_request": 400,
    "bad_request": 400,
    "body_too_large": 413,
    "changes_gone": 410,
    "database_unavailable": 503,
    "day_in_the_future": 400,
    "invalid_verification_token": 401,
    "email_taken": 409,
    "headers_too_large": 431,
    "idempotency_key_in_use": 409,
    "internal_error": 500,
    "invalid_host": 400,
    "invalid_request": 422,
    "invalid_reset_token": 401,
    "invalid_span": 400,
    "last_admin": 400,
    "login_expired": 401,
    "method_not_allowed": 405,
    "no_such_address": 404,
    "no_stream_available": 503,
    "not_allowed": 403,
    "not_authenticated": 401,
    "not_found": 404,
    "not_ready": 503,
    "nothing_to_update": 400,
    "position_out_of_range": 400,
    "processing_timeout": 503,
    "rate_limited": 429,
    "request_timeout": 408,
    "too_many_panels": 400,
    "too_many_streams": 429,
    "unavailable": 503,
    "uri_too_long": 414,
    "wrong_login": 401,
    "wrong_password": 403,
    "password_required": 403,
    "email_not_verified": 403,
}
# No client sees these exceptions, although they have a status that clients see.
INTERNAL = {exceptions.WebhookUnavailable}


def classes() -> list[type[exceptions.NinePanelsBaseException]]:
    base = exceptions.NinePanelsBaseException
    return [each for each in vars(exceptions).values() if inspect.isclass(each) and issubclass(each, base)]


def test_the_codes_and_their_statuses_are_stable() -> None:
    assert {code: problem_type.status for code, problem_type in PROBLEM_TYPES.items()} == CODES


def test_every_exception_with_a_status_has_a_code_of_its_own() -> None:
    visible = [each for each in classes() if each.status_code != 500 and each not in INTERNAL]
    assert len({each.code for each in visible}) == len(visible)
    assert {each.code for each in visible} <= set(PROBLEM_TYPES)


@for_each("problem_type", PROBLEM_TYPES.values())
def test_every_error_is_explained_in_sentences(problem_type: ProblemType) -> None:
    for text in (problem_type.detail, problem_type.explanation, problem_type.remedy):
        assert text[:1].isupper()
        assert text.endswith(".")
        assert text.count("`") % 2 == 0
    assert problem_type.title
    assert not problem_type.title.endswith(".")


def test_the_titles_are_unique() -> None:
    assert len({problem_type.title for problem_type in PROBLEM_TYPES.values()}) == len(PROBLEM_TYPES)


def test_the_table_in_the_docs_is_current() -> None:
    """`./mc.sh docs` writes it."""
    assert errors.table() in (ROOT / "docs" / "errors.md").read_text()
