"""Atom feeds of what is new (RFC 4287): all functions, by category, by author, the
versions of one function, and yanks."""

import re
import uuid
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from accounts.models import Account
from core.http.public import make_public
from hub.public import PublicNotFound, public_page
from registry import errors
from registry.catalog import functions
from registry.models import Category, Function, Version, Yank

MAX_ENTRIES = 50
EMPTY_SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # what a feed without entries says
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class AtomFeed(Atom1Feed):
    """The same bytes as long as nothing changes, also while there are no entries."""

    def latest_post_date(self):
        return super().latest_post_date() if self.items else EMPTY_SINCE


class _HubFeed(Feed):
    feed_type = AtomFeed
    name = ""  # of its URL

    def _url_args(self, subject) -> list[str]:
        return []

    def feed_url(self, subject):
        return absolute(reverse(f"hub:{self.name}", args=self._url_args(subject)))

    def item_title(self, version):
        title = f"{version.function.path} {version.number}"
        return f"{title} (yanked)" if version.is_yanked else title

    def item_description(self, version):
        return _html(version.manifest["description"])

    def item_link(self, version):
        return absolute(f"{version.function.url}/v/{version.number}")

    def item_guid(self, version):
        # Stays when a function is renamed or its Hub moves to another address.
        return uuid.uuid5(version.function.uid, version.number).urn

    def item_author_name(self, version):
        return _text(version.function.owner.shown_name)

    def item_author_link(self, version):
        return absolute(f"/users/{version.function.owner.username}")

    def item_categories(self, version):
        return [_text(tag) for tag in version.manifest["tags"]]

    def item_pubdate(self, version):
        return version.published_at

    item_updateddate = item_pubdate


class _FunctionsFeed(_HubFeed):
    """The latest version of each function, the last published or edited first."""

    def functions(self, subject):
        return Function.objects.listed()

    def items(self, subject):
        functions = self.functions(subject).select_related("owner", "latest__yank")
        newest = functions.order_by("-updated_at", "-id")[:MAX_ENTRIES]
        return [_latest(function) for function in newest]


class AllFunctions(_FunctionsFeed):
    name = "functions_feed"
    title = "Aerostack Hub: functions"
    subtitle = "Functions with a new version."

    def link(self):
        return absolute("/functions/")


class CategoryFunctions(_FunctionsFeed):
    name = "category_feed"

    def get_object(self, request, category):
        return Category.objects.get(slug=category)

    def _url_args(self, category):
        return [category.slug]

    def title(self, category):
        return _text(f"Aerostack Hub: {category.label}")

    def link(self, category):
        return absolute(reverse("hub:category_detail", args=[category.slug]))

    def functions(self, category):
        return Function.objects.listed().filter(category=category)


class AuthorFunctions(_FunctionsFeed):
    name = "author_feed"

    def get_object(self, request, username):
        return Account.objects.get(username=username)

    def _url_args(self, author):
        return [author.username]

    def title(self, author):
        return _text(f"Aerostack Hub: {author.shown_name}")

    def link(self, author):
        return absolute(reverse("hub:author_detail", args=[author.username]))

    def functions(self, author):
        return Function.objects.listed().owned_by(author)


class FunctionVersions(_HubFeed):
    """The versions of one function, yanked ones included and marked."""

    name = "function_feed"

    def __init__(self, function: Function):
        self.function = function

    def get_object(self, request):
        return self.function

    def _url_args(self, function):
        return [function.owner.username, function.slug]

    def title(self, function):
        return f"Aerostack Hub: {function.path}"

    def subtitle(self, function):
        return _text(function.description)

    def link(self, function):
        return absolute(function.url)

    def items(self, function):
        versions = function.versions.readable().select_related("yank")
        versions = list(versions.order_by("-published_at", "-id")[:MAX_ENTRIES])
        for version in versions:
            version.function = function
        return versions


class Yanks(_HubFeed):
    """Versions that were yanked, and why."""

    name = "yanks_feed"
    title = "Aerostack Hub: yanked versions"
    subtitle = "Versions their authors took back, with the reasons."

    def link(self):
        return absolute("/functions/")

    def items(self):
        yanks = Yank.objects.filter(version__in=Version.objects.readable())
        yanks = yanks.select_related("version__function__owner")
        return yanks.order_by("-id")[:MAX_ENTRIES]

    def item_title(self, yank):
        return f"{yank.version} yanked"

    def item_description(self, yank):
        instead = yank.replacement and f" Use {yank.replacement} instead."
        return _html(yank.reason + instead)

    def item_link(self, yank):
        return super().item_link(yank.version)

    def item_guid(self, yank):
        function = yank.version.function
        return uuid.uuid5(function.uid, f"{yank.version.number} {yank.at}").urn

    def item_author_name(self, yank):
        return super().item_author_name(yank.version)

    def item_author_link(self, yank):
        return super().item_author_link(yank.version)

    def item_categories(self, yank):
        return []

    def item_pubdate(self, yank):
        return yank.at

    item_updateddate = item_pubdate


def absolute(path: str) -> str:
    return settings.HUB_URL + path


@public_page
def function_feed(request, username, slug):
    function = _function(slug, username)
    response = FunctionVersions(function)(request)
    return make_public(response, [function.pages_subject])


def _latest(function: Function) -> Version:
    function.latest.function = function
    return function.latest


def _function(slug: str, username: str) -> Function:
    try:
        return functions.find_function(slug, username=username)
    except errors.NotFound as error:
        raise PublicNotFound(error.message) from error


def _text(text: str) -> str:
    """``text`` without the characters that XML has no way to write."""
    return _NOT_XML.sub("", text)


def _html(text: str) -> str:
    return escape(_text(text))
