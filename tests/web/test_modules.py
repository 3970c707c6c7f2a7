import pytest

from ninepanels.web.modules import needed_by


def test_a_module_needs_what_it_imports_and_what_those_import_each_once() -> None:
    sources = {
        "main.js": b'import {a} from "./state/a.js";\nimport {b} from "./b.js";\n',
        "state/a.js": b'export * from "../b.js";\nimport "./c.js";\n',
        "state/c.js": b'import {main} from "../main.js";\n',
        "b.js": b"",
        "unused.js": b"",
    }
    assert needed_by("main.js", sources) == ["main.js", "state/a.js", "b.js", "state/c.js"]


@pytest.mark.parametrize(
    ("source", "is_needed"),
    [
        ("import {\n    one,\n    two,\n} from './a.js';", True),
        ('import*as a from"./a.js"', True),
        ('let x=1;export{y}from"./a.js"', True),
        ('import "./a.js"', True),
        ('const a = await import("./a.js");', False),
        ("/** @import {A} from './a.js' */", False),
        ("// import './a.js'", False),
        ('/** @typedef {import("./a.js").A} A */', False),
        ('export const path = "./a.js";', False),
        ('import "./missing.js"', False),
        ('import "preact"', False),
    ],
)
def test_only_static_imports_of_files_are_needed(source: str, is_needed: bool) -> None:
    needed = needed_by("main.js", {"main.js": source.encode(), "a.js": b""})
    assert needed == ["main.js", "a.js"][: 1 + is_needed]
