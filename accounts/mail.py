"""Mail to people with an account, as plain text.

A mail is two templates: ``<template>_subject.txt`` and ``<template>_message.txt``.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from smtplib import SMTPException

from allauth.core import context as current
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import Account
from core.http.limits import client_ip

SUBJECT_PREFIX = "[Aerostack Hub] "
MAX_USER_AGENT_CHARACTERS = 200
logger = logging.getLogger(__name__)
_held: ContextVar[list | None] = ContextVar("held", default=None)


@contextmanager
def held_back() -> Iterator[None]:
    """Send the mails of the block when it ends, or none when it raises.

    Put it around a transaction: no mail reports a change that was rolled back, and no
    lock is held while the mail server answers.
    """
    waiting: list[tuple[str, EmailMessage]] = []
    token = _held.set(waiting)
    try:
        yield
    finally:
        _held.reset(token)
    for template, message in waiting:
        _deliver(template, message)


def send(template: str, to: str, /, **context) -> None:
    """Render the mail ``template`` and send it to the address ``to``.

    A failing mail server is logged, never raised: the change has already happened, and
    sign-in sends a confirmation mail again.
    """
    context |= {"hub_url": settings.HUB_URL, "email": to}
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    body = render_to_string(f"{template}_message.txt", context).strip() + "\n"
    message = EmailMessage(SUBJECT_PREFIX + subject, body, to=[to])
    waiting = _held.get()
    if waiting is None:
        _deliver(template, message)
    else:
        waiting.append((template, message))


def _deliver(template: str, message: EmailMessage) -> None:
    try:
        message.send()
    except (OSError, SMTPException) as error:
        logger.error("The mail %s could not be sent: %s", template, error)


def notify(
    account: Account, template: str, /, *, to: str | None = None, **context
) -> None:
    """Tell ``account`` about a critical change made to it, and from where.

    to: another address of the account, such as the one it had before.
    """
    context |= {"account": account, "at": timezone.now()}
    if request := current.request:
        agent = request.headers.get("User-Agent", "")[:MAX_USER_AGENT_CHARACTERS]
        context["ip"] = client_ip(request)
        context["browser"] = "".join(c for c in agent if c.isprintable())
    send(template, to or account.email, **context)
