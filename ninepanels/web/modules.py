"""Finds the imports of a JavaScript module, direct and indirect, so that the browser can load all of them at once."""

import re
from collections.abc import Mapping
from posixpath import dirname
from posixpath import join
from posixpath import normpath

# `import … from "./a.js"`, `import "./a.js"` and `export … from "./a.js"`; not `import("./a.js")`, which comes later.
_IMPORT = re.compile(
    rb"""(?:^|;)\s*(?:import|export)\b(?:[^"';()=]*\bfrom)?\s*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE
)


def needed_by(path: str, sources: Mapping[str, bytes]) -> list[str]:
    """Return a module and all modules that it imports, directly or not, in the order in which they are found.

    Modules without a source are left out: the browser reports them.
    """
    found = [path]
    for module in found:
        for imported in _IMPORT.findall(sources[module]):
            target = normpath(join(dirname(module), imported.decode()))
            if target in sources and target not in found:
                found.append(target)
    return found
