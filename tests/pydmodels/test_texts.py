"""Titles, names and descriptions: what is visible, what is a control character, and the normalized form."""

import sys
import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from pydantic import ValidationError

from ninepanels.pydmodels import fields

from ..support.values import for_each

title = TypeAdapter[str](fields.Title)
name = TypeAdapter[str](fields.Name)
description = TypeAdapter[str](fields.Description)
email = TypeAdapter[str](fields.Email)
password = TypeAdapter[str](fields.Password)
existing_password = TypeAdapter[str](fields.ExistingPassword)

CHARACTERS = [chr(code_point) for code_point in range(sys.maxunicode + 1)]
HANGUL_FILLERS = "\u115f\u1160\u3164\uffa0"
# Default_Ignorable_Code_Point of DerivedCoreProperties.txt (Unicode 17).
IGNORABLE = [
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
]


def in_categories(*categories: str) -> list[str]:
    return [character for character in CHARACTERS if unicodedata.category(character) in categories]


def is_accepted(adapter: TypeAdapter[str], text: str) -> bool:
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True


def accepted(adapter: TypeAdapter[str], texts: list[str]) -> list[str]:
    return [ascii(text) for text in texts if is_accepted(adapter, text)]


# --- Invisible text ---------------------------------------------------------------------------------------------------

INVISIBLE = {
    "format characters": in_categories("Cf"),
    "controls": in_categories("Cc"),
    "spaces and separators": in_categories("Zs", "Zl", "Zp"),
    "combining marks": in_categories("Mn", "Mc", "Me"),
    "default ignorable": [chr(code_point) for low, high in IGNORABLE for code_point in range(low, high + 1)],
    "fillers and blanks": [*HANGUL_FILLERS, "\u2800", "\U0001d159", "\U00013441", "\U00013442", "\ufffc"],
    "variation selectors": [chr(code_point) for code_point in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))],
    "noncharacters": [
        "\ufdd0",
        "\ufdef",
        *(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
    ],
}


@for_each("kind", INVISIBLE)
@for_each("adapter", [title, name])
def test_a_text_of_one_invisible_character_is_rejected(adapter: TypeAdapter[str], kind: str) -> None:
    characters = INVISIBLE[kind]
    assert characters
    assert accepted(adapter, characters) == []
    assert accepted(adapter, [character * 3 for character in characters]) == []


@given(
    text=st.lists(st.sampled_from([*"\u200b\u2060\ufeff\u200f\ufe0f\u200d\u0301\u20e3 \u3000\u2800", *HANGUL_FILLERS]))
)
def test_a_text_of_several_invisible_characters_is_rejected(text: list[str]) -> None:
    assert not is_accepted(title, "".join(text))


# --- Visible text -----------------------------------------------------------------------------------------------------

TITLES = {
    "Arabic": "قراءة ٣٠ دقيقة",
    "Armenian": "Կարդալ",
    "Bengali": "বই পড়া",
    "Cherokee": "ᎠᎪᎵᏰᏗ",
    "Cyrillic": "Чтение й ё",
    "Devanagari": "पढ़ना",
    "Ethiopic": "ማንበብ",
    "Georgian": "კითხვა",
    "Greek": "Διάβασμα",
    "Gujarati": "વાંચન",
    "Gurmukhi": "ਪੜ੍ਹਨਾ",
    "Han": "阅读𠮷",
    "Hangul": "읽기",
    "Hebrew": "קריאה",
    "Kana": "よむ ガム",
    "Kannada": "ಓದುವುದು",
    "Khmer": "ការអាន",
    "Lao": "ອ່ານ",
    "Latin": "Lesen für Größe",
    "Malayalam": "വായന",
    "Mongolian": "ᠤᠩᠰᠢᠬᠤ",
    "Myanmar": "ဖတ်ခြင်း",
    "Persian with a zero-width non-joiner": "می\u200cخوانم",  # noqa: RUF001 - the script is the example
    "Sinhala": "කියවීම",
    "Tamil": "வாசிப்பு",
    "Telugu": "చదవడం",
    "Thai": "อ่านหนังสือ",
    "Tibetan": "ཀློག་པ",
    "Right-to-left marks": "\u200fקריאה\u200f (\u2067abc\u2069)",  # noqa: RUF001 - as above
    "ZWJ sequence": "👩‍👩‍👧‍👦",
    "Skin tone": "👍🏽",
    "Flag": "🇩🇪",
    "Flag of tags": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "Keycap": "1️⃣ #️⃣",
    "Heart with a variation selector": "❤️",
    "Emoji of Unicode 15": "\U0001fae8",
    "Emoji of Unicode 16": "\U0001fae9",
    "Emoji of Unicode 17": "\U0001faea",
    "Punctuation": "!?",
    "One digit": "5",
    "Word joiner": "a\u2060b",
    "Soft hyphen": "Lese\u00adzeit",
    "Zero-width space at the end": "Read\u200b",
}


@for_each("kind", TITLES)
@for_each("adapter", [title, name])
def test_visible_text_of_every_script_is_kept(adapter: TypeAdapter[str], kind: str) -> None:
    text = TITLES[kind]
    assert adapter.validate_python(text) == unicodedata.normalize("NFC", text)


def test_every_letter_number_and_symbol_is_visible() -> None:
    blank = {*INVISIBLE["fillers and blanks"]}
    visible = in_categories("Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po")
    visible += in_categories("Sm", "Sc", "Sk", "So")
    assert [character for character in visible if character not in blank and not is_accepted(title, character)] == []


# --- Control characters -----------------------------------------------------------------------------------------------

LINE_BREAKS_AND_TABS = {"\n", "\r", "\t"}


@for_each("template", ["{}Read", "Re{}ad", "Read{}", " Read {} ", "📚{}"])
@for_each("adapter", [title, name])
def test_a_control_character_anywhere_in_a_title_or_name_is_rejected(adapter: TypeAdapter[str], template: str) -> None:
    controls = in_categories("Cc", "Zl", "Zp")
    assert accepted(adapter, [template.format(control) for control in controls]) == []


@pytest.mark.parametrize("template", ["{}a book", "a{}book", "a book{}", "{}"])
def test_descriptions_may_contain_line_breaks_and_tabs_but_no_other_controls(template: str) -> None:
    for control in in_categories("Cc"):
        text = template.format(control)
        assert is_accepted(description, text) == (control in LINE_BREAKS_AND_TABS)
        if control in LINE_BREAKS_AND_TABS:
            assert description.validate_python(text) == text


# --- The normalized form ----------------------------------------------------------------------------------------------


@given(
    text=st.text(
        st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\u0301\u0323\u0338e가ᄀ ᅡ"), max_size=40
    )
)
def test_text_is_trimmed_and_in_nfc(text: str) -> None:
    if not is_accepted(title, text):
        return
    stored = title.validate_python(text)
    assert stored == unicodedata.normalize("NFC", text).strip() == unicodedata.normalize("NFC", text.strip())
    assert title.validate_python(stored) == stored
    assert name.validate_python(text) == stored
    assert description.validate_python(text) == unicodedata.normalize("NFC", text)


@for_each("character", ["e\u0301", "o\u0302\u0301", "각", "🏃", "𠮷", "क"])
@for_each(("adapter", "limit"), [(title, 65), (name, 100), (description, 2_000)])
def test_limits_count_the_characters_of_nfc(adapter: TypeAdapter[str], limit: int, character: str) -> None:
    assert adapter.validate_python(character * limit) == unicodedata.normalize("NFC", character) * limit
    assert not is_accepted(adapter, character * (limit + 1))


@pytest.mark.parametrize(("adapter", "limit"), [(title, 65), (name, 100), (description, 2_000)])
def test_a_text_that_nfc_makes_longer_than_the_limit_is_rejected(adapter: TypeAdapter[str], limit: int) -> None:
    # U+FB2C has three characters in NFC.
    assert is_accepted(adapter, "\ufb2c" * (limit // 3))
    assert not is_accepted(adapter, "\ufb2c" * (limit // 3 + 1))


@pytest.mark.parametrize("adapter", [title, name, description, email, password, existing_password])
def test_lone_surrogates_are_rejected(adapter: TypeAdapter[str]) -> None:
    for surrogate in ["\ud800", "\udfff"]:
        assert accepted(adapter, [f"{surrogate}ada@example.com", f"ada{surrogate}@example.com"]) == []


@pytest.mark.parametrize(("adapter", "text"), [(title, ""), (name, " "), (password, "short"), (title, "x" * 66)])
def test_a_wrong_length_is_described_in_characters(adapter: TypeAdapter[str], text: str) -> None:
    with pytest.raises(ValidationError, match=r"String should have at (least|most) \d+ character"):
        adapter.validate_python(text)


@pytest.mark.parametrize("adapter", [title, name, description, email, password, existing_password])
def test_text_that_is_far_too_long_is_rejected(adapter: TypeAdapter[str]) -> None:
    assert not is_accepted(adapter, "\u0301\u0316" * 15_000)


def test_text_that_is_far_too_long_is_not_normalized_which_takes_quadratic_time() -> None:
    short_text = TypeAdapter[str](Annotated[str, fields.nfc(65)])
    longest = "e\u0302\u0301\u031b" * 65
    assert short_text.validate_python(longest) == unicodedata.normalize("NFC", longest)
    assert short_text.validate_python(f"  {longest}  ") == f"  {unicodedata.normalize('NFC', longest)}  "
    too_long = longest + "\u0301"
    assert short_text.validate_python(too_long) == too_long
