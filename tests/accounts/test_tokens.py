"""Access tokens: issuing and verification."""

import base64
import json
import re
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose import jws
from jose import jwt
from pydantic import SecretStr

from ninepanels import clock
from ninepanels import exceptions
from ninepanels import sqlmodels as sql
from ninepanels.accounts import tokens
from ninepanels.config import Settings
from ninepanels.environments import Environment

from ..support.values import for_each

SETTINGS = Settings(env=Environment.TEST, database_url="sqlite:////nowhere/at/all.db")
SECRET = SETTINGS.jwt_secret.get_secret_value()
CLAIMS = {"sub": "7", "iat": 1_700_000_000, "exp": 4_000_000_000, "jti": "x"}


def signed(claims: dict[str, object], secret: str = SECRET, algorithm: str = "HS256") -> str:
    token: str = jwt.encode(claims, secret, algorithm=algorithm)
    return token


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


NEW_SECRET = SecretStr("a secret of the tests that is new")
ROTATED = SETTINGS.model_copy(update={"jwt_secret": NEW_SECRET, "jwt_secret_previous": SecretStr(SECRET)})
ROTATION_COMPLETED = SETTINGS.model_copy(update={"jwt_secret": NEW_SECRET})

VALID = signed(CLAIMS)
HEAD, BODY, SIGNATURE = VALID.split(".")
OTHER_SPELLING = SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 1)


def issue(user: sql.User, at: datetime, settings: Settings = SETTINGS) -> str:
    return tokens.sign(tokens.create_token(user, at, settings), settings).access_token


def issue_and_read(user: sql.User, at: datetime) -> tokens.AccessToken:
    return tokens.read_token(issue(user, at), SETTINGS)


def test_a_valid_token_contains_the_user_id() -> None:
    assert tokens.read_token(VALID, SETTINGS).user_id == 7


def test_a_token_of_an_earlier_release_has_the_first_generation_and_no_second_factor() -> None:
    token = tokens.read_token(VALID, SETTINGS)
    assert (token.generation, token.has_second_factor) == (0, False)


def test_an_issued_token_is_valid() -> None:
    token = issue_and_read(sql.User(id=9), clock.now())
    assert (token.user_id, token.has_second_factor) == (9, False)


@given(
    st.datetimes(datetime(2100, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - aware by `timezones`
    st.booleans(),
)
def test_a_signed_token_has_the_claims_of_the_created_one(at: datetime, has_second_factor: bool) -> None:
    created = tokens.create_token(sql.User(id=9, token_generation=3), at, SETTINGS, has_second_factor=has_second_factor)
    assert tokens.read_token(tokens.sign(created, SETTINGS).access_token, SETTINGS) == created
    assert created.issued_at == at


def test_a_token_is_issued_after_an_earlier_revocation_even_if_clocks_differ() -> None:
    revoked = clock.now() + timedelta(seconds=2)
    assert issue_and_read(sql.User(id=9, tokens_valid_after=revoked), clock.now()).issued_at > revoked


def test_every_token_has_a_unique_jti() -> None:
    at = clock.now()
    assert issue_and_read(sql.User(id=9), at).jti != issue_and_read(sql.User(id=9), at).jti


def test_the_previous_secret_is_accepted_until_it_is_removed() -> None:
    assert tokens.read_token(VALID, ROTATED).user_id == 7
    with pytest.raises(exceptions.NotAuthenticated):
        tokens.read_token(VALID, ROTATION_COMPLETED)


def test_after_a_rotation_tokens_are_signed_with_the_new_secret_only() -> None:
    token = issue(sql.User(id=9), clock.now(), ROTATED)
    assert tokens.read_token(token, ROTATION_COMPLETED).user_id == 9
    with pytest.raises(exceptions.NotAuthenticated):
        tokens.read_token(token, SETTINGS)


def test_a_token_signed_with_another_secret_is_rejected() -> None:
    with pytest.raises(exceptions.NotAuthenticated):
        tokens.read_token(signed(CLAIMS, secret="another secret that is long enough too"), ROTATED)


@for_each(
    "token",
    [
        "",
        "null",
        "..",
        VALID + "=",
        VALID + "==",
        VALID + "\n",
        VALID + "!!",
        f" {VALID}",
        f"{HEAD}.{BODY}.",
        f"{HEAD}.{BODY}.{OTHER_SPELLING}",
        f"{HEAD}.{BODY}.{SIGNATURE}A",
        f"{HEAD}.{BODY}.é",
        signed(CLAIMS, secret="another secret that is long enough too"),
        signed(CLAIMS, algorithm="HS512"),
        f"{segment({'alg': 'none'})}.{BODY}.{SIGNATURE}",
        f"{segment([[[[]]]])}.{segment([])}.{SIGNATURE}",
        signed({**CLAIMS, "exp": 1_700_000_001}),
        signed({**CLAIMS, "sub": "seven"}),
        *(signed({name: value for name, value in CLAIMS.items() if name != missing}) for missing in CLAIMS),
        signed({**CLAIMS, "padding": "x" * 1_000}),
        "a" * 100_000,
        segment("[" * 3_000) + ".a.b",
        jws.sign(VALID.encode(), SECRET, headers={"cty": "JWT"}, algorithm="HS256"),
        f"{VALID}.{BODY}.{SIGNATURE}",
        signed({**CLAIMS, "iat": "then"}),
        signed({**CLAIMS, "iat": 1e300}),
        signed({**CLAIMS, "exp": 1e300}),
        signed({**CLAIMS, "sub": str(2**70)}),
        signed({**CLAIMS, "sub": "1" * 17}),
        signed({**CLAIMS, "jti": "x" * 37}),
        signed({**CLAIMS, "gen": 2**31}),
        signed({**CLAIMS, "gen": -1}),
        signed({**CLAIMS, "gen": "1"}),
        signed({**CLAIMS, "iat": -1}),
    ],
)
def test_an_invalid_token_is_rejected(token: str) -> None:
    with pytest.raises(exceptions.NotAuthenticated):
        tokens.read_token(token, SETTINGS)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{1,50}\.[A-Za-z0-9_-]{1,50}\.[A-Za-z0-9_-]{1,50}", fullmatch=True))
def test_arbitrary_text_raises_no_other_exception(token: str) -> None:
    with pytest.raises(exceptions.NotAuthenticated):
        tokens.read_token(token, SETTINGS)


def test_an_expired_token_asks_for_a_new_login() -> None:
    with pytest.raises(exceptions.LoginExpired):
        tokens.read_token(signed({**CLAIMS, "exp": 1_700_000_001}), SETTINGS)


# Values next to a limit, or of another type than the claim.
NUMBERS: list[object] = [None, True, -1, 0, 2**31, 2**53, 2**70, 10**400, 1e300, float("inf"), float("nan"), [], {}]
TEXTS = ["", "0", "-1", "7.0", " 7", "7\n", "+7", "07", "٣", "9" * 17, str(2**70), "x" * 36, "x" * 37, "\0", "\ud800"]
ALL_CLAIMS: dict[str, object] = CLAIMS | {"gen": 1, "mfa": True}
SHAPES: st.SearchStrategy[object] = st.sampled_from([*NUMBERS, *TEXTS])


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.just(value) | SHAPES for name, value in (CLAIMS | {"gen": 1, "mfa": True}).items()}
    )
)
def test_the_claims_of_an_accepted_token_are_within_what_the_database_can_hold(claims: dict[str, object]) -> None:
    try:
        token = tokens.read_token(signed(claims), SETTINGS)
    except exceptions.NotAuthenticated:
        return
    assert 1 <= token.user_id < 2**63
    assert 0 <= token.generation < 2**31
    assert token.has_second_factor in (False, True)
    assert re.fullmatch(r"[!-~]{1,36}", token.jti)
    assert max(token.issued_at, token.expires_at) < datetime(2256, 1, 1, tzinfo=UTC)
