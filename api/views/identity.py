"""Whose key is this, and how to get one."""

from datetime import timedelta

from django.utils import timezone

from accounts import keys
from accounts.passwords import SecondFactorNeeded, WrongPassword, check_password
from accounts.quotas import Exceeded
from accounts.switches import SwitchedOff
from api import shapes
from api.decorators import endpoint
from api.views.common import via_of
from core.http.limits import Limit
from registry import errors

LOGINS = Limit("login", 30, 60)
LOGIN_KEY_LIFE = timedelta(hours=12)


@endpoint(
    "POST",
    "/v1/cli/validate",
    summary="Tell whose key this is",
    caller="any key",
    answers={200: "Identity"},
    refusals=(errors.Unauthorized,),
)
def validate_key(request):
    return shapes.identity(request.key)


@endpoint(
    "POST",
    "/v1/cli/telemetry/errors",
    summary="Accept a client's error report and keep nothing",
    answers={200: "Telemetry"},
)
def take_telemetry(request):
    return {"id": None}


@endpoint(
    "POST",
    "/auth/login",
    summary="Trade e-mail and password for a short-lived account key",
    body="Login",
    answers={200: "Token"},
    limit=LOGINS,
    refusals=(
        errors.Unauthorized,
        errors.Forbidden,
        errors.ValidationError,
        errors.QuotaExceeded,
    ),
)
def log_in(request):
    email, password = request.json.get("email"), request.json.get("password")
    if not isinstance(email, str) or not isinstance(password, str):
        raise errors.ValidationError("Send email and password as text.", field="email")
    try:
        account = check_password(email, password, request)
    except SecondFactorNeeded:
        raise errors.Forbidden(
            "This account has a second factor. Make an account key (`ac_...`) on the "
            "keys page and use that."
        ) from None
    except WrongPassword:
        raise errors.WrongCredentials from None
    expires_at = timezone.now() + LOGIN_KEY_LIFE
    try:
        _, secret = keys.create_key(
            account, name="signed in", expires_at=expires_at, via=via_of(request)
        )
    except SwitchedOff as off:
        raise errors.ReadOnly(str(off)) from off
    except Exceeded as exceeded:
        raise errors.QuotaExceeded.of(exceeded) from None
    return {"token": secret}
