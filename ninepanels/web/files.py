"""The files of the app, as they are served.

Three files have an address that never changes: the page, the service worker and the manifest. All others are in a
directory that is named after the content of all files, so that browsers keep them for good. The names of files in it
are the real ones, so that imports between modules need not be rewritten.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import modules

FOLDER = Path(__file__).with_name("app")
FIXED = {"index.html": "", "sw.js": "sw.js", "manifest.webmanifest": "manifest.webmanifest"}
"""The files with a fixed address, and that address."""
FIRST_MODULE = "main.js"
VERSION_LENGTH = 12

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""The media types by suffix. Other files, such as licences, are not served."""


@dataclass(frozen=True)
class File:
    """A file of the app.

    Attributes:
        is_fixed: its address stays the same when its content changes.
    """

    content: bytes
    media_type: str
    is_fixed: bool

    @cached_property
    def compressed(self) -> bytes:
        """The content, compressed with gzip."""
        return gzip.compress(self.content, mtime=0)


def read(folder: Path = FOLDER) -> dict[str, File]:
    """Return the files of the app by their address, relative to that of the app.

    The files with a fixed address can contain placeholders: `{{ version }}`, the name of the directory of all other
    files; `{{ files }}`, their paths in it, separated by spaces; and `{{ modules }}`, links that make the browser load
    all modules at once, instead of each one after the module that imports it.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in MEDIA_TYPES]
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    version = _hash(contents)
    others = {name: content for name, content in contents.items() if name not in FIXED}
    preloaded = modules.needed_by(FIRST_MODULE, others)
    values = {
        "version": version,
        "files": " ".join(others),
        "modules": "\n".join(f'<link rel="modulepreload" href="{version}/{module}">' for module in preloaded),
    }
    served = {}
    for name, content in contents.items():
        media_type = MEDIA_TYPES[Path(name).suffix]
        if name in FIXED:
            served[FIXED[name]] = File(_fill(content, values), media_type, is_fixed=True)
        else:
            served[f"{version}/{name}"] = File(content, media_type, is_fixed=False)
    return served


def _hash(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(b"%b %d\n%b" % (name.encode(), len(content), content))
    return digest.hexdigest()[:VERSION_LENGTH]


def _fill(content: bytes, values: Mapping[str, str]) -> bytes:
    for name, value in values.items():
        content = content.replace(b"{{ %b }}" % name.encode(), value.encode())
    return content
