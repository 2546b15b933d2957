"""Addresses of the public pages.

A function's tabs are at its address, and once more under ``/v/<version>``, where
they show that version.
"""

from django.urls import path

from hub import docs_urls, door_urls, views

app_name = "hub"
FUNCTION = "functions/<str:username>/<str:slug>"
PINNED = f"{FUNCTION}/v/<str:version>"

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("robots.txt", views.robots, name="robots"),
    path("functions", views.functions_without_slash),
    path("functions/", views.function_list, name="function_list"),
    path("functions/suggest", views.suggest_functions, name="suggest_functions"),
    path("categories/<str:category>", views.category_detail, name="category_detail"),
    path("tags/<str:tag>", views.tag_detail, name="tag_detail"),
    path("users/<str:username>", views.author_detail, name="author_detail"),
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
urlpatterns += docs_urls.urlpatterns + door_urls.urlpatterns
