"""The files of `ninepanels/web/app/vendor/`, copied from the npm packages: `python -m tests.web.app.vendor`.

A browser does not resolve names of packages, so these become relative paths. Nothing else changes, except that links
to source maps are removed.
"""

import json
import re
import shutil
from pathlib import Path

from ninepanels import environments

from ...support import node

FOLDER = Path(__file__).parent
VENDOR = environments.ROOT / "ninepanels" / "web" / "app" / "vendor"

# The name by which modules import a file, and the path of the file in its package. The copy is in a folder per package.
MODULES = {
    "preact": "dist/preact.mjs",
    "preact/hooks": "hooks/dist/hooks.mjs",
    "htm": "dist/htm.mjs",
    "@preact/signals": "dist/signals.mjs",
    "@preact/signals-core": "dist/signals-core.mjs",
}


def files() -> dict[str, str]:
    """Return the content of each copy, by its path in the vendor folder."""
    copies = {}
    for name, path in MODULES.items():
        package = node.modules(FOLDER) / _package_of(name)
        copies[_copy_of(name)] = _with_relative_imports((package / path).read_text())
        copies[f"{package.name}/LICENSE"] = (package / "LICENSE").read_text()
    return copies


def versions() -> dict[str, str]:
    """Return the version of each package."""
    packages = {_package_of(name): node.modules(FOLDER) / _package_of(name) / "package.json" for name in MODULES}
    return {name: json.loads(path.read_text())["version"] for name, path in packages.items()}


def _package_of(name: str) -> str:
    return name.removesuffix("/hooks")


def _copy_of(name: str) -> str:
    return f"{Path(_package_of(name)).name}/{Path(name).name}.js"


def _with_relative_imports(code: str) -> str:
    code = re.sub(r'\bfrom"([^".][^"]*)"', lambda name: f'from"../{_copy_of(name[1])}"', code)
    return re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "\n", code)


def main() -> None:
    """Install the packages and replace the copies."""
    node.install(FOLDER)
    for folder in VENDOR.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    for name, content in files().items():
        path = VENDOR / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)


if __name__ == "__main__":
    main()
