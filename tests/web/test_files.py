import gzip
from pathlib import Path

import pytest

from ninepanels import environments
from ninepanels.web import files

SOURCES = {
    "index.html": '<script src="{{ version }}/main.js"></script>{{ modules }}',
    "sw.js": 'const FILES = "{{ files }}".split(" ");',
    "manifest.webmanifest": '{"icon": "{{ version }}/icons/a.svg"}',
    "main.js": 'import "./screens/a.js"; "{{ version }}";',
    "screens/a.js": "",
    "icons/a.svg": "<svg/>",
    "vendor/LICENSE": "MIT",
    "vendor/README.md": "# Vendor",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in SOURCES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def version_of(served: dict[str, files.File]) -> str:
    [version] = {address.partition("/")[0] for address in served if "/" in address}
    return version


def test_files_are_below_the_version_except_those_with_a_fixed_address(folder: Path) -> None:
    served = files.read(folder)
    version = version_of(served)
    fixed = {address for address, file in served.items() if file.is_fixed}
    assert fixed == {"", "sw.js", "manifest.webmanifest"}
    assert served.keys() - fixed == {f"{version}/{name}" for name in ("main.js", "screens/a.js", "icons/a.svg")}


def test_placeholders_are_filled_in_files_with_a_fixed_address_alone(folder: Path) -> None:
    served = files.read(folder)
    version = version_of(served)
    links = [f'<link rel="modulepreload" href="{version}/{name}">' for name in ("main.js", "screens/a.js")]
    assert served[""].content.decode() == f'<script src="{version}/main.js"></script>' + "\n".join(links)
    assert served["sw.js"].content == b'const FILES = "icons/a.svg main.js screens/a.js".split(" ");'
    assert served["manifest.webmanifest"].content.decode() == f'{{"icon": "{version}/icons/a.svg"}}'
    assert served[f"{version}/main.js"].content.decode() == SOURCES["main.js"]


@pytest.mark.parametrize("changed", ["main.js", "sw.js", "screens/b.js"])
def test_the_version_changes_with_every_file(folder: Path, changed: str) -> None:
    version = version_of(files.read(folder))
    (folder / changed).write_text("0")
    assert version_of(files.read(folder)) != version
    assert version_of(files.read(folder)) == version_of(files.read(folder))


def test_a_licence_does_not_change_the_version(folder: Path) -> None:
    version = version_of(files.read(folder))
    (folder / "vendor" / "LICENSE").write_text("other")
    assert version_of(files.read(folder)) == version


def test_a_file_is_compressed_once() -> None:
    file = files.File(b"a" * 1_000, "text/css", is_fixed=False)
    assert gzip.decompress(file.compressed) == file.content
    assert file.compressed is file.compressed


def test_the_image_contains_all_files_of_the_package() -> None:
    _, *patterns = (environments.ROOT / ".dockerignore").read_text().splitlines()
    assert "!ninepanels" in patterns
    assert [pattern for pattern in patterns if not pattern.startswith("!")] == ["*", "**/__pycache__"]
