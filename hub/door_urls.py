"""Addresses beside the pages people read: following, reports, feeds, other clients."""

from django.urls import path

from hub import feeds
from hub.http import public_page
from hub.views import doors, follow, moderation, numbers, pictures

FUNCTION = "functions/<str:username>/<str:slug>"
AUTHOR = "users/<str:username>"

urlpatterns = [
    path("sitemap.xml", doors.sitemap_index, name="sitemap_index"),
    path("sitemap-<slug:section>-<int:number>.xml", doors.sitemap, name="sitemap"),
    path("opensearch.xml", doors.opensearch, name="opensearch"),
    path("llms.txt", doors.llms, name="llms"),
    path(f"{FUNCTION}/og.png", pictures.function_card, name="function_card"),
    path(
        f"{FUNCTION}/badge/<str:kind>.svg",
        pictures.function_badge,
        name="function_badge",
    ),
    path("r/registry.json", doors.shadcn_registry, name="shadcn_registry"),
    path("r/<str:username>/<str:item>.json", doors.shadcn_item, name="shadcn_item"),
    path("moderation", moderation.moderation_log, name="moderation_log"),
    path("moderation.json", moderation.moderation_json, name="moderation_json"),
    path("feeds/moderation.atom", moderation.moderation_feed, name="moderation_feed"),
    path(f"{FUNCTION}/report", moderation.report_function, name="report_function"),
    path(f"{FUNCTION}/installs", numbers.function_installs, name="function_installs"),
    path(
        f"{FUNCTION}/installs.csv",
        numbers.function_installs_csv,
        name="function_installs_csv",
    ),
    path(f"{FUNCTION}/star", follow.star_function, name="star_function"),
    path(f"{FUNCTION}/follow", follow.follow_function, name="follow_function"),
    path(f"{AUTHOR}/follow", follow.follow_author, name="follow_author"),
    path("account/following", follow.following_list, name="following"),
    path("account/following/stop/<str:token>", follow.stop_digest, name="stop_digest"),
]
urlpatterns += [
    path(f"feeds/{route}.atom", public_page(feed()), name=feed.name)
    for route, feed in [
        ("functions", feeds.AllFunctions),
        ("yanks", feeds.Yanks),
        ("categories/<str:category>", feeds.CategoryFunctions),
        ("users/<str:username>", feeds.AuthorFunctions),
        (FUNCTION, feeds.FunctionVersions),
    ]
]
