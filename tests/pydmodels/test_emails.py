"""The normalized form of e-mail addresses."""

import sys
import unicodedata

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninepanels.pydmodels import emails

# Letters that change more than their case: they grow, are composed or decomposed, or have several lower-case forms.
SPECIAL = "İıẞßΣσςΑŸǰJ\u030cH\u0331ﬁŉKÅῼΐᾼǅé\u0301\u0323ệ"  # noqa: RUF001 - the letters are the example


@pytest.mark.parametrize(
    ("spelling", "normalized"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("İ@example.com", "i\u0307@example.com"),
        ("I\u0307@example.com", "i\u0307@example.com"),
        ("ẞ@example.com", "ß@example.com"),
        ("ﬁn@ﬁsh.example", "ﬁn@fish.example"),
        ("ΟΔΥΣΣΕΥΣ@example.com", "οδυσσευς@example.com"),
        ("J\u030can@example.com", "\u01f0an@example.com"),
        ("T\u0308@example.com", "\u1e97@example.com"),
        ("e\u0301@example.com", "é@example.com"),
        ("\u212a@example.com", "k@example.com"),
        ("a@BÜCHER.example", "a@bücher.example"),
        ("a@XN--BCHER-KVA.example", "a@bücher.example"),
        ("a@BU\u0308CHER。example", "a@bücher.example"),
        ("a@\uff45xample.com", "a@example.com"),
        # IDNA has no final form in lower case.
        ("a@ΒΌΛΟΣ.example", "a@βόλοσ.example"),
    ],
)
def test_spellings_of_an_address_have_one_normalized_form(spelling: str, normalized: str) -> None:
    assert emails.normalize(spelling) == normalized
    for form in ("NFC", "NFD"):
        assert emails.recognize(f" {unicodedata.normalize(form, spelling)} ") == normalized


def assert_normalized(spelling: str) -> None:
    try:
        normalized = emails.normalize(spelling)
    except email_validator.EmailNotValidError:
        return
    assert len(normalized.encode()) <= 254
    assert unicodedata.is_normalized("NFC", normalized)
    assert emails.normalize(normalized) == normalized
    assert emails.normalize(unicodedata.normalize("NFC", spelling)) == normalized
    assert emails.normalize(unicodedata.normalize("NFD", spelling)) == normalized
    assert email_validator.validate_email(normalized, check_deliverability=False)


@given(local=st.text(st.characters(exclude_categories=["C"]) | st.sampled_from(SPECIAL), min_size=1, max_size=70))
def test_normalization_is_idempotent(local: str) -> None:
    assert_normalized(f"{local}@example.com")


@given(domain=st.text(st.characters(categories=["L", "M", "Nd"]) | st.sampled_from(SPECIAL), min_size=1, max_size=70))
def test_normalization_of_domains_is_idempotent(domain: str) -> None:
    assert_normalized(f"Ada@{domain}.example")


def test_normalization_of_every_letter_and_mark_is_idempotent() -> None:
    for character in map(chr, range(0xA0, sys.maxunicode)):
        if unicodedata.category(character)[0] in "LM" and (
            character.lower() != character or unicodedata.combining(character)
        ):
            assert_normalized(f"J{character}J@example.com")


@pytest.mark.parametrize("letter", ["İ", "ẞ", "ß", "é", "Σ", "a"])
def test_an_address_is_refused_if_its_normalized_form_is_too_long(letter: str) -> None:
    domain = f"@{'x' * 60}.example"
    for count in range(1, 260):
        spelling = letter * count + domain
        fits = len((letter * count + domain).lower().encode()) <= 254 and len(spelling.encode()) <= 254
        assert bool(emails.recognize(spelling)) <= fits
