"""Addresses of the public pages.

A function's tabs are at its address, and once more under ``/v/<version>``, where
they show that version.
"""

from django.urls import path

from hub import feeds, machine_views, views
from hub.public import public_page
from hub.views import docs, follow, images, moderation, numbers
from registry.models import LISTS

app_name = "hub"
FUNCTION = "functions/<str:username>/<str:slug>"
PINNED = f"{FUNCTION}/v/<str:version>"
AUTHOR = "users/<str:username>"

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("robots.txt", views.robots, name="robots"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("functions", views.functions_without_slash),
    path("functions/", views.function_list, name="function_list"),
    path("functions/suggest", views.suggest_functions, name="suggest_functions"),
    path("categories/<str:category>", views.category_detail, name="category_detail"),
    path("tags/<str:tag>", views.tag_detail, name="tag_detail"),
    path(AUTHOR, views.author_detail, name="author_detail"),
    path(FUNCTION, views.function_detail, name="function_detail"),
    path(f"{FUNCTION}/versions", views.function_versions, name="function_versions"),
    path(f"{FUNCTION}/compare", views.choose_versions, name="choose_versions"),
    path(
        f"{FUNCTION}/compare/<str:span>",
        views.compare_versions,
        name="compare_versions",
    ),
    path(
        f"{FUNCTION}/raw/<str:version>/<path:path>",
        views.function_raw,
        name="function_raw",
    ),
    path(
        f"{FUNCTION}/screenshots/<str:sha256>.webp",
        views.function_screenshot,
        name="function_screenshot",
    ),
    path(PINNED, views.function_detail, name="version_detail"),
]
for base in (FUNCTION, PINNED):
    pinned = base == PINNED
    urlpatterns += [
        path(
            f"{base}/{tab}",
            view,
            name=f"{'version' if pinned else 'function'}_{name}",
        )
        for tab, view, name in [
            ("source", views.function_source, "source"),
            ("source/<path:path>", views.function_source, "file"),
            ("uses", views.function_uses, "uses"),
            ("install", views.function_install, "install"),
        ]
    ]
urlpatterns += [  # the documentation
    path("docs", docs.docs_without_slash),
    path("docs/", docs.docs_index, name="docs_index"),
    path("docs/search", docs.docs_search_page, name="docs_search"),
    path("docs/<str:name>", docs.docs_page, name="docs_page"),
    path(docs.SCHEMA_PATH.lstrip("/"), docs.manifest_schema, name="manifest_schema"),
]
urlpatterns += [  # more about a function
    path(f"{FUNCTION}/og.png", images.function_card, name="function_card"),
    path(
        f"{FUNCTION}/badge/<str:kind>.svg", images.function_badge, name="function_badge"
    ),
    path(f"{FUNCTION}/installs", numbers.function_installs, name="function_installs"),
    path(
        f"{FUNCTION}/installs.csv",
        numbers.function_installs_csv,
        name="function_installs_csv",
    ),
]
urlpatterns += [  # what needs a form or an account
    path(f"{FUNCTION}/report", moderation.report_function, name="report_function"),
    path(f"{FUNCTION}/star", follow.star_function, name="star_function"),
    path(f"{FUNCTION}/follow", follow.follow_function, name="follow_function"),
    path(f"{AUTHOR}/follow", follow.follow_author, name="follow_author"),
    path("account/following", follow.following_list, name="following"),
    path("account/following/stop/<str:token>", follow.stop_digest, name="stop_digest"),
]
urlpatterns += [  # what staff decided
    path("moderation", moderation.moderation_log, name="moderation_log"),
    path("moderation.json", moderation.moderation_json, name="moderation_json"),
    path("feeds/moderation.atom", moderation.moderation_feed, name="moderation_feed"),
]
urlpatterns += [  # for other programs
    path("sitemap.xml", machine_views.sitemap_index, name="sitemap_index"),
    path(
        "sitemap-<slug:section>-<int:number>.xml", machine_views.sitemap, name="sitemap"
    ),
    path("opensearch.xml", machine_views.opensearch, name="opensearch"),
    path("llms.txt", machine_views.llms, name="llms"),
    path("r/registry.json", machine_views.shadcn_registry, name="shadcn_registry"),
    path(
        "r/<str:username>/<str:item>.json",
        machine_views.shadcn_item,
        name="shadcn_item",
    ),
    path(f"feeds/{FUNCTION}.atom", feeds.function_feed, name="function_feed"),
]
urlpatterns += [
    path(f"feeds/{route}.atom", public_page(feed(), subjects=[LISTS]), name=feed.name)
    for route, feed in [
        ("functions", feeds.AllFunctions),
        ("yanks", feeds.Yanks),
        ("categories/<str:category>", feeds.CategoryFunctions),
        ("users/<str:username>", feeds.AuthorFunctions),
    ]
]
