"""The exceptions of this project.

NinePanelsBaseException
├── NotAuthenticated            401  no valid login
│   ├── WrongLogin
│   ├── SecondFactorRequired
│   ├── WrongSecondFactor
│   ├── LoginExpired
│   ├── InvalidResetToken
│   └── InvalidVerificationToken
├── NotAllowed                  403  logged in, but not allowed
│   ├── WrongPassword
│   ├── PasswordRequired
│   ├── WrongCode
│   └── AdminSecondFactorRequired
├── NotFound                    404  does not exist, or belongs to another user
├── EmailTaken                  409
├── IdempotencyKeyInUse         409  a request with this key is running
├── ChangesGone                 410  rows were deleted since
├── RateLimited                 429
├── TooManyStreams              429
├── BadRequest                  400  well-formed, but not possible now
│   ├── TooManyPanels
│   ├── PositionOutOfRange
│   ├── DayInTheFuture
│   ├── InvalidSpan
│   ├── LastAdmin
│   ├── SecondFactorOn
│   └── NothingToUpdate
├── Unavailable                 503  temporary
│   ├── DatabaseUnavailable
│   ├── ThreadTimeout
│   ├── NoStreamAvailable
│   ├── NotReady
│   └── WebhookUnavailable
├── MailNotSent                 retried later
├── MailUndeliverable           given up
├── WebhookRejected
├── OperationRefused            by mission control
├── PreflightFailed             a check of the release checklist
└── SettingsInvalid             the service does not start

Exceptions that a client sees are in `requests` and `availability`; `http.errors` turns them into responses. Those of
`internal` never reach a client.
"""

from .availability import DatabaseUnavailable as DatabaseUnavailable
from .availability import NoStreamAvailable as NoStreamAvailable
from .availability import NotReady as NotReady
from .availability import ThreadTimeout as ThreadTimeout
from .availability import Unavailable as Unavailable
from .availability import WebhookUnavailable as WebhookUnavailable
from .base import NinePanelsBaseException as NinePanelsBaseException
from .internal import MailNotSent as MailNotSent
from .internal import MailUndeliverable as MailUndeliverable
from .internal import OperationRefused as OperationRefused
from .internal import PreflightFailed as PreflightFailed
from .internal import SettingsInvalid as SettingsInvalid
from .internal import WebhookRejected as WebhookRejected
from .requests import AdminSecondFactorRequired as AdminSecondFactorRequired
from .requests import BadRequest as BadRequest
from .requests import ChangesGone as ChangesGone
from .requests import DayInTheFuture as DayInTheFuture
from .requests import EmailNotVerified as EmailNotVerified
from .requests import EmailTaken as EmailTaken
from .requests import IdempotencyKeyInUse as IdempotencyKeyInUse
from .requests import InvalidResetToken as InvalidResetToken
from .requests import InvalidSpan as InvalidSpan
from .requests import InvalidVerificationToken as InvalidVerificationToken
from .requests import LastAdmin as LastAdmin
from .requests import LoginExpired as LoginExpired
from .requests import NotAllowed as NotAllowed
from .requests import NotAuthenticated as NotAuthenticated
from .requests import NotFound as NotFound
from .requests import NothingToUpdate as NothingToUpdate
from .requests import NotModified as NotModified
from .requests import PasswordRequired as PasswordRequired
from .requests import PositionOutOfRange as PositionOutOfRange
from .requests import RateLimited as RateLimited
from .requests import SecondFactorOn as SecondFactorOn
from .requests import SecondFactorRequired as SecondFactorRequired
from .requests import TooManyPanels as TooManyPanels
from .requests import TooManyStreams as TooManyStreams
from .requests import WrongCode as WrongCode
from .requests import WrongLogin as WrongLogin
from .requests import WrongPassword as WrongPassword
from .requests import WrongSecondFactor as WrongSecondFactor
