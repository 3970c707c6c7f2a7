"""The base class of all exceptions of this project."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from typing import ClassVar


class NinePanelsBaseException(Exception):  # noqa: N818 - the name is the Bible's
    """Base class of all exceptions of this project.

    A class that reaches clients has a `code`, which is part of the API and never changes, and a `title`. The first
    paragraph of its docstring explains the error to clients and the second says what to do: `http.problems` publishes
    them. A class without a `code` has the one of its base class. A 5xx emits EXCEPTION_RAISED, unless it
    is a limit of normal operation, which `is_expected` says.

    Args:
        detail: one sentence for the user; the class has a default.
        context_msg: a technical description, for logs only.
        context_data: values relevant to the error, for logs only. No personal data.
    """

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    status_code: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Mapping[str, str] = MappingProxyType({})
    is_expected: ClassVar[bool] = False
    default_detail: ClassVar[str] = "Something went wrong on our side."

    def __init__(self, detail: str | None = None, context_msg: str = "", **context_data: Any) -> None:
        self.detail = detail or self.default_detail
        self.context_msg = context_msg
        self.context_data = context_data
        super().__init__(self.detail)
