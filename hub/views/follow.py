"""Stars, follows and the digest: signed-in pages, so that a function's own page can
stay the same for everyone."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render

from accounts.models import Account
from core.http.methods import WITH_FORM, answers
from hub.function_page import find_page, redirect_to
from hub.public import personal_page
from registry import errors, following
from registry.models import Digest, Follow, Function

VIA = "hub"
MAX_STARS = 500  # shown in one's own list


def _personal(view):
    """A page of the signed-in account."""
    return personal_page(answers(*WITH_FORM)(login_required(view)))


def _about_function(view):
    """``view(request, function)`` for a readable function."""

    @_personal
    @wraps(view)
    def wrapped(request, username, slug):
        page = find_page(username, slug)
        if page.function.renamed_from:
            return redirect_to(page, request, username, slug)
        return view(request, page.function)

    return wrapped


@_about_function
def star_function(request, function):
    if request.method == "POST":
        gives = request.POST.get("do") == "add"
        verb = following.star if gives else following.unstar
        message = "You starred it." if gives else "Your star is gone."
        return _do(request, verb, function, message)
    is_on = following.is_starred(function, request.user)
    context = {"function": function, "is_on": is_on, "back": function.url}
    return render(request, "hub/star_function.html", context)


@_about_function
def follow_function(request, function):
    return _follow(request, function, function.path, function.url)


@_personal
def follow_author(request, username):
    author = get_object_or_404(Account, username=username)
    url = f"/users/{author.username}"
    return _follow(request, author, author.shown_name, url)


def _follow(request, subject, name: str, back: str):
    if request.method == "POST":
        starts = request.POST.get("do") == "add"
        verb = following.follow if starts else following.unfollow
        message = f"You follow {name}." if starts else f"You no longer follow {name}."
        return _do(request, verb, subject, message)
    context = {
        "subject": subject,
        "name": name,
        "is_function": isinstance(subject, Function),
        "is_on": following.is_followed(subject, request.user),
        "digest": Digest.objects.filter(account=request.user).first(),
        "back": back,
    }
    return render(request, "hub/follow.html", context)


def _do(request, verb, subject, message: str):
    try:
        verb(subject, by=request.user, via=VIA)
    except errors.RegistryError as error:
        messages.error(request, f"{error.message} {error.fix}")
    else:
        messages.success(request, message)
    is_list = request.POST.get("from") == "list"
    return redirect("hub:following" if is_list else request.path)


@_personal
def following_list(request):
    """What the account follows, and how often it gets mail of it."""
    if request.method == "POST":
        return _choose_digest(request, request.user, by=request.user)
    follows = Follow.objects.filter(account=request.user).select_related(
        "function__owner", "author"
    )
    stars = request.user.stars.select_related("function__owner")
    digest = Digest.objects.filter(account=request.user).first()
    context = {
        "follows": follows.order_by("-id"),
        "choices": Digest.CHOICES,
        "every": digest.every if digest else Digest.NEVER,
        "stars": stars.order_by("-id")[:MAX_STARS],
    }
    return render(request, "hub/following.html", context)


def _choose_digest(request, account: Account, *, by: Account):
    try:
        chosen = following.choose_digest(
            account, request.POST.get("every", ""), by=by, via=VIA
        )
    except errors.RegistryError as error:
        messages.error(request, f"{error.message} {error.fix}")
    else:
        label = chosen.get_every_display().lower()
        messages.success(request, f"Saved. Mail about what you follow: {label}.")
    return redirect("hub:following")


@personal_page
@answers(*WITH_FORM)
def stop_digest(request, token):
    """The link in a digest; works without signing in. The mail's robots only GET."""
    account = following.account_of(token)
    stops = account is not None and request.method == "POST"
    if stops:
        following.choose_digest(account, Digest.NEVER, by=None, via=VIA)
    context = {"account": account, "is_stopped": stops}
    status = 200 if account else 404
    return render(request, "hub/stop_digest.html", context, status=status)
