"""Marks of tests that run on one of the two databases instead of both, or on both in a module with `any_database`."""

import pytest

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
on_both = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)


def make_proofs(items: list[pytest.Item]) -> None:
    """Make proofs of the tests on PostgreSQL that have the mark `any_database`, unless they run on PostgreSQL only."""
    for item in items:
        if item.get_closest_marker("any_database") and _is_variant_on_postgresql(item):
            item.add_marker(pytest.mark.prove)


def _is_variant_on_postgresql(item: pytest.Item) -> bool:
    parameters = getattr(item, "callspec", None)
    is_chosen = any("backend" in mark.args[0] for mark in item.iter_markers("parametrize"))
    return parameters is not None and parameters.params.get("backend") == "postgresql" and not is_chosen
