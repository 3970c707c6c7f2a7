"""The laws of ARCHITECTURE.md, held by reading the code."""

import ast
from pathlib import Path

import pytest

from ninepanels import environments

PACKAGE = environments.ROOT / "ninepanels"
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(environments.ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """The absolute names that a file imports: modules, and what it takes from them."""
    names = set()
    parents = path.relative_to(environments.ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parents[: len(parents) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def files_in(*names: str) -> list[Path]:
    """The files of folders and modules of the package."""
    return [path for path in FILES if path.relative_to(PACKAGE).parts[0] in {*names, *(f"{name}.py" for name in names)}]


def imports_anything_of(path: Path, *modules: str) -> set[str]:
    return {name for name in imports_of(path) for module in modules if f"{name}.".startswith(f"{module}.")}


def ids(path: Path) -> str:
    return module_of(path)


@pytest.mark.parametrize("path", files_in("routes"), ids=ids)
def test_law_1_routes_build_no_query(path: Path) -> None:
    assert not imports_anything_of(path, "sqlalchemy", "ninepanels.sqlmodels")


@pytest.mark.parametrize("path", files_in("crud"), ids=ids)
def test_law_1_crud_knows_no_http(path: Path) -> None:
    forbidden = ("fastapi", "starlette", "http", "ninepanels.routes", "ninepanels.http")
    assert not imports_anything_of(path, *forbidden)


def test_law_1_models_know_nobody() -> None:
    assert not imports_anything_of(PACKAGE / "sqlmodels.py", "ninepanels")


@pytest.mark.parametrize("path", [path for path in FILES if path not in files_in("crud", "sqlmodels")], ids=ids)
def test_law_1_queries_are_built_in_crud_alone(path: Path) -> None:
    builders = {f"sqlalchemy.{name}" for name in ("select", "insert", "update", "delete", "text")}
    assert not imports_of(path) & builders


def test_law_2_queues_knows_no_handler() -> None:
    assert not imports_anything_of(PACKAGE / "queues.py", "ninepanels.handlers", "ninepanels.dispatcher")


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_law_2_only_main_joins_queues_and_dispatcher(path: Path) -> None:
    if path.name != "main.py":
        assert not imports_anything_of(path, "ninepanels.dispatcher")


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_law_2_no_import_hides_in_a_function(path: Path) -> None:
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    hidden = [node for f in functions for node in ast.walk(f) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not hidden


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_law_3_nobody_calls_commit(path: Path) -> None:
    called = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert "commit" not in called


@pytest.mark.parametrize("path", files_in("crud"), ids=ids)
def test_law_4_queries_on_a_users_things_take_the_user(path: Path) -> None:
    if path.stem not in {"panels", "entries", "consistency"}:
        return
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        arguments = {argument.arg for argument in function.args.args}
        if arguments & {"session", "executor"}:
            assert arguments & {"user_id", "bearer"}, function.name


@pytest.mark.parametrize("path", files_in("routes"), ids=ids)
def test_law_5_what_a_transaction_causes_is_emitted_by_it(path: Path) -> None:
    if "crud" in {name.rpartition(".")[2] for name in imports_of(path)}:
        called = {
            ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        }
        assert not called & {"queues.emit", "emit"}
        assert "ninepanels.queues.emit" not in imports_of(path)


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_law_7_only_the_http_layer_speaks_http(path: Path) -> None:
    if "middleware" not in path.parts and path != PACKAGE / "http" / "errors.py":
        assert not {name for name in imports_of(path) if name.endswith("HTTPException")}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_law_7_every_exception_is_one_of_ours(path: Path) -> None:
    if path.name != "exceptions.py":
        classes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
        assert not [node.name for node in classes if any("Exception" in ast.unparse(base) for base in node.bases)]


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_law_8_wall_time_is_read_in_one_place(path: Path) -> None:
    if path.name == "clock.py":
        return
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    assert not calls & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time"}


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_the_bible_names_the_models_sql_and_pyd(path: Path) -> None:
    aliases = {"sqlmodels": "sql", "pydmodels": "pyd"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert len(node.names) == 1
            alias = node.names[0]
            assert aliases.get(alias.name, alias.asname) == alias.asname
