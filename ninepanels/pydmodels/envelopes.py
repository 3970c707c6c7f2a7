"""The envelope of responses: that of data, that of errors, and the problems of RFC 9457."""

from datetime import date
from functools import cache
from typing import Annotated
from typing import Any
from typing import Generic
from typing import Literal
from typing import TypeVar
from typing import cast
from typing import get_args
from typing import get_origin

from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field
from pydantic import create_model
from pydantic import with_config
from typing_extensions import TypedDict

from .fields import MAX_PANELS

T = TypeVar("T")
M = TypeVar("M")

Sentence = Annotated[str, Field(examples=["You already have nine panels. Delete one to make room for another."])]

# For TypedDicts. They hold values from the database, which need no validation, and are created faster than models.
documented_by_docstrings = with_config(use_attribute_docstrings=True)


class ResponseBody(BaseModel):
    """The base of response bodies."""

    model_config = ConfigDict(
        from_attributes=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )


class WrappedResponse(ResponseBody, Generic[T, M]):
    """The envelope of a successful response: `data` is what was asked for."""

    # Reading docstrings takes 20 ms per class, and each route has its own subclass.
    model_config = ConfigDict(use_attribute_docstrings=False)

    data: T
    status_code: Annotated[int, Field(ge=200, le=299, examples=[200], description="The status of the response.")]
    is_error: Annotated[Literal[False], Field(description="False: the request succeeded.")]
    error_message: Annotated[None, Field(description="Null: there is no error.")]
    meta: Annotated[M, Field(description="Facts about `data`, for routes that return lists; otherwise null.")]


@cache
def envelope_of(data_type: Any, meta_type: Any) -> type[BaseModel]:
    """Return the type of the envelope of a response, with a name for the schema such as `PanelListResponse`.

    Args:
        data_type: the type of `data`.
        meta_type: the type of `meta`, or None.
    """
    base = cast("type[BaseModel]", WrappedResponse.__class_getitem__((data_type, meta_type)))
    return create_model(f"{_name_of(data_type)}Response", __base__=base, __doc__=WrappedResponse.__doc__)


def _name_of(type_: Any) -> str:
    if get_origin(type_) is list:
        return f"{_name_of(get_args(type_)[0])}List"
    if get_origin(type_) is Literal:
        return str(get_args(type_)[0])
    return str(type_.__name__)


class ErrorBody(ResponseBody):
    """An error."""

    detail: Sentence
    """One sentence for people. It can change."""
    code: Annotated[str, Field(pattern="^[a-z]+(_[a-z]+)*$", examples=["too_many_panels"])]
    """Identifies the kind of error. It does not change; new kinds can be added."""


class InvalidField(ResponseBody):
    """What is wrong with one part of the request."""

    type: Annotated[str, Field(examples=["string_too_short"])]
    """The kind of mistake."""
    loc: Annotated[list[str | int], Field(examples=[["body", "title"]])]
    """Where the mistake is: `body`, `query` or `path`, and the names and indexes that lead there."""
    msg: Annotated[str, Field(examples=["String should have at least 1 character"])]
    """One sentence for people. It can change."""


class InvalidRequestBody(ResponseBody):
    """The mistakes in a malformed request."""

    detail: Annotated[list[InvalidField], Field(min_length=1)]
    """Every mistake that was found."""
    code: Literal["invalid_request"]
    """Identifies the kind of error."""


class ErrorResponse(ResponseBody):
    """The envelope of an error."""

    data: ErrorBody
    status_code: Annotated[int, Field(ge=400, le=599, examples=[400])]
    """The status of the response."""
    is_error: Literal[True]
    """True: the request failed."""
    error_message: Sentence
    """One sentence for people. It can change."""
    meta: None
    """Null: there is no data."""


class InvalidRequestResponse(ErrorResponse):
    """The envelope of the error for a malformed request."""

    data: InvalidRequestBody  # type: ignore[assignment]
    error_message: Annotated[str, Field(examples=["title: String should have at least 1 character."])]
    """The first mistake, in one sentence for people. It can change."""


class Problem(ResponseBody):
    """An error as in RFC 9457, for clients that send `Accept: application/problem+json`."""

    type: Annotated[str, Field(examples=["/problems/too_many_panels"], json_schema_extra={"format": "uri-reference"})]
    """Identifies the kind of error. It is the address of a page that explains it, and ends with the code."""
    title: Annotated[str, Field(examples=["Too many panels"])]
    """A short name of the kind of error."""
    status: Annotated[int, Field(ge=400, le=599, examples=[400])]
    """The status of the response."""
    detail: Sentence
    """One sentence for people. It can change."""
    instance: Annotated[str, Field(examples=["0198a3c5-6f0e-4a56-9d5e-2f1f8a3b7c21"])]
    """The id of the request, as in `X-Request-ID`."""


class InvalidRequestProblem(Problem):
    """A malformed request as in RFC 9457."""

    errors: Annotated[list[InvalidField], Field(min_length=1)]
    """Every mistake that was found."""


@documented_by_docstrings
class PanelsMeta(TypedDict):
    """Facts about a list of panels."""

    day: Annotated[date, Field(examples=["2026-11-23"])]
    """The user's current day, for which `is_complete` holds."""
    count: Annotated[int, Field(ge=0, le=MAX_PANELS, examples=[2])]
    """The number of panels."""
    max_panels: Annotated[int, Field(examples=[MAX_PANELS])]
    """The number of panels that a user can have."""


@documented_by_docstrings
class PageMeta(TypedDict):
    """Facts about a page of a longer list."""

    total: Annotated[int, Field(ge=0, examples=[3])]
    """The length of the whole list."""
    offset: Annotated[int, Field(ge=0, examples=[0])]
    """How many items are before this page."""
    limit: Annotated[int, Field(ge=1, examples=[100])]
    """How many items this page can have."""
