"""The laws of docs/architecture.md, enforced by reading the code."""

import ast
from collections.abc import Callable
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from fastapi import FastAPI

from ninepanels import environments
from ninepanels.http.routing import Route
from ninepanels.routes import router

PACKAGE = environments.ROOT / "ninepanels"
FILES = sorted(PACKAGE.rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path) -> set[str]:
    """The absolute names that a file imports: modules, and the names imported from them."""
    names = set()
    parents = path.relative_to(environments.ROOT).parts[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def files_in(*names: str) -> list[Path]:
    """The files of packages and modules in `ninepanels`."""
    return [path for path in FILES if path.relative_to(PACKAGE).parts[0] in {*names, *(f"{name}.py" for name in names)}]


def imports_anything_of(path: Path, *modules: str) -> set[str]:
    return {name for name in imports_of(path) for module in modules if f"{name}.".startswith(f"{module}.")}


def each_of(paths: Sequence[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Make one test that checks each file. With a test per file, fixtures would take most of the time."""

    def make_test(check: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            for path in paths:
                try:
                    check(path)
                except AssertionError as error:
                    error.add_note(f"in {path}")
                    raise

        # Not functools.wraps, from which pytest would take the parameter, as the name of a fixture.
        test.__name__ = check.__name__
        return test

    return make_test


# --- The tree ---------------------------------------------------------------------------------------------------------

# A module imports only from its own package and from the lines above its own in this list.
LAYERS = [
    ["exceptions", "clock", "ids", "event_types", "private_files"],
    ["environments", "days"],
    ["pydmodels"],
    ["config", "sqlmodels"],
    ["observability"],
    ["runtime", "queues"],
    ["database", "crud"],
    ["http"],
    ["accounts", "timings", "web"],
    ["mail", "ops", "sync"],
    ["handlers", "middleware"],
    ["dispatcher", "routes"],
    ["main"],
    ["serve"],
    ["__main__"],
]
MAX_LINES = 350
MAX_LINES_OF_THE_APP = 250
MIN_MODULES = 3
ENTRY_POINTS = {"__init__", "__main__"}


def layer_of(name: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if name in names)


def test_the_package_contains_what_the_layers_name_and_nothing_else() -> None:
    found = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__"} == {name for names in LAYERS for name in names}


@each_of(FILES)
def test_a_module_imports_only_from_its_own_package_and_from_lower_layers(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    imported = {name.split(".")[1] for name in imports_of(path) if name.startswith("ninepanels.")} - {own}
    names = {name for layer in LAYERS for name in layer}
    assert not {name for name in imported & names if layer_of(name) >= layer_of(own)}


@each_of([path.parent for path in FILES if path.name == "__init__.py"])
def test_a_package_has_three_modules_and_a_docstring_that_says_what_belongs_there(path: Path) -> None:
    assert len([module for module in path.rglob("*.py") if module.stem not in ENTRY_POINTS]) >= MIN_MODULES
    assert ast.get_docstring(tree_of(path / "__init__.py"))


@each_of([*FILES, *sorted((environments.ROOT / "tests").rglob("*.py"))])
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


def test_no_module_of_the_app_is_too_long() -> None:
    app = PACKAGE / "web" / "app"
    lengths = {
        path: len(path.read_text().splitlines()) for path in app.rglob("*.js") if app / "vendor" not in path.parents
    }
    assert not {path for path, length in lengths.items() if length > MAX_LINES_OF_THE_APP}


# --- The laws ---------------------------------------------------------------------------------------------------------


@each_of(files_in("routes"))
def test_law_1_routes_build_no_query(path: Path) -> None:
    assert not imports_anything_of(path, "sqlalchemy", "ninepanels.sqlmodels")


@each_of(files_in("crud"))
def test_law_1_crud_imports_no_http(path: Path) -> None:
    forbidden = ("fastapi", "starlette", "http", "ninepanels.routes", "ninepanels.http")
    assert not imports_anything_of(path, *forbidden)


def test_law_1_models_import_no_other_module_of_the_project() -> None:
    assert not imports_anything_of(PACKAGE / "sqlmodels.py", "ninepanels")


@each_of([path for path in FILES if path not in files_in("crud", "sqlmodels")])
def test_law_1_queries_are_built_in_crud_alone(path: Path) -> None:
    builders = {f"sqlalchemy.{name}" for name in ("select", "insert", "update", "delete", "text")}
    assert not imports_of(path) & builders


def test_law_2_queues_imports_no_handler() -> None:
    assert not imports_anything_of(PACKAGE / "queues.py", "ninepanels.handlers", "ninepanels.dispatcher")


@each_of(FILES)
def test_law_2_only_main_joins_queues_and_dispatcher(path: Path) -> None:
    if path.name != "main.py":
        assert not imports_anything_of(path, "ninepanels.dispatcher")


@each_of(FILES)
def test_law_2_no_import_is_inside_a_function(path: Path) -> None:
    tree = tree_of(path)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    hidden = [node for f in functions for node in ast.walk(f) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not hidden


@each_of(FILES)
def test_law_3_no_module_calls_commit(path: Path) -> None:
    called = {node.attr for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)}
    assert "commit" not in called


@each_of(files_in("crud"))
def test_law_4_queries_on_a_users_data_take_the_user(path: Path) -> None:
    if path.stem not in {"panels", "entries", "taps", "changes", "history", "consistency", "insights"}:
        return
    functions = [node for node in tree_of(path).body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        arguments = {argument.arg for argument in function.args.args}
        if arguments & {"session", "executor"}:
            assert arguments & {"user_id", "bearer"}, function.name


@each_of(files_in("routes"))
def test_law_5_routes_emit_through_the_transaction(path: Path) -> None:
    if "crud" in {name.rpartition(".")[2] for name in imports_of(path)}:
        called = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
        assert not called & {"queues.emit", "emit"}
        assert "ninepanels.queues.emit" not in imports_of(path)


@each_of(FILES)
def test_law_7_only_the_http_layer_uses_http_exceptions(path: Path) -> None:
    if "middleware" not in path.parts and path != PACKAGE / "http" / "errors.py":
        assert not {name for name in imports_of(path) if name.endswith("HTTPException")}


@each_of([path for path in FILES if path not in files_in("exceptions")])
def test_law_7_exceptions_are_defined_in_one_package(path: Path) -> None:
    classes = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]
    assert not [node.name for node in classes if any("Exception" in ast.unparse(base) for base in node.bases)]


@each_of(FILES)
def test_law_8_wall_time_is_read_in_one_place(path: Path) -> None:
    if path.name == "clock.py":
        return
    calls = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    assert not calls & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time"}


@each_of(FILES)
def test_time_zones_are_read_from_the_tzdata_package(path: Path) -> None:
    assert path.name == "days.py" or not {name for name in imports_of(path) if name.startswith("zoneinfo")}
    calls = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    assert not calls & {"ZoneInfo", "zoneinfo.ZoneInfo", "ZoneInfo.no_cache", "zoneinfo.available_timezones"}


@each_of(FILES)
def test_law_9_only_the_projects_router_is_made_from_fastapis(path: Path) -> None:
    if path != PACKAGE / "http" / "routing.py":
        assert not {"fastapi.APIRouter", "fastapi.routing.APIRouter"} & imports_of(path)


def test_law_9_every_route_of_the_api_has_the_projects_class(api: FastAPI) -> None:
    routes = [route for route in router.routes if isinstance(route, Route)]
    assert len(routes) == len(router.routes)
    assert set(api.openapi()["paths"]) == {route.path for route in routes}


# `tempfile.TemporaryFile` and `TemporaryDirectory` are allowed: they are private, too.
WRITERS = {
    "write_text",
    "write_bytes",
    "touch",
    "mkdir",
    "makedirs",
    "mkfifo",
    "mknod",
    "mkstemp",
    "NamedTemporaryFile",
}
WRITERS |= {"FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "symlink_to", "link"}


@each_of([path for path in (*FILES, environments.ROOT / "data_mgmt.py") if path != PACKAGE / "private_files.py"])
def test_files_are_created_and_written_in_one_module(path: Path) -> None:
    for call in (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)):
        module, _, name = ast.unparse(call.func).rpartition(".")
        assert name not in WRITERS, name
        assert module != "shutil" or name == "which"
        if name == "open":
            assert ast.unparse(call).endswith((".open('rb')", "os.open(os.devnull, os.O_WRONLY)")), ast.unparse(call)
        if f"{module}.{name}" == "sqlite3.connect":
            assert path == PACKAGE / "ops" / "backups" / "sqlite.py"


@each_of(files_in("routes"))
def test_routes_use_only_the_offered_methods_of_the_database(path: Path) -> None:
    offered = {"read", "read_for_monitoring", "transaction", "connections_in_use"}
    tree = tree_of(path)
    used = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and is_named(node.value, "database")
    }
    assert used <= offered


def is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


@each_of(FILES)
def test_models_are_imported_as_sql_and_pyd(path: Path) -> None:
    aliases = {"sqlmodels": "sql", "pydmodels": "pyd"}
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom):
            assert len(node.names) == 1
            alias = node.names[0]
            assert aliases.get(alias.name, alias.asname) == alias.asname
