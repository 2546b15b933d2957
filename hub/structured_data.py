"""What a function's page says to machines, in its head."""

from django.conf import settings

from registry.catalog.pages import FunctionPage
from registry.content.rendering import script_data

LANGUAGES = {"javascript": "JavaScript", "typescript": "TypeScript"}


def json_ld(page: FunctionPage) -> str:
    """The page as JSON-LD, safe in a script element.

    Source: https://schema.org/SoftwareSourceCode.
    """
    function, version = page.function, page.version
    owner, manifest = function.owner, version.manifest
    url = settings.HUB_URL + function.url
    data = {
        "@context": "https://schema.org",
        "@type": "SoftwareSourceCode",
        "name": function.slug,
        "description": manifest["description"],
        "url": url,
        "codeRepository": f"{url}/v/{version.number}/source",
        "version": version.number,
        "programmingLanguage": LANGUAGES.get(manifest["language"], "TypeScript"),
        "author": {
            "@type": "Person",
            "name": owner.shown_name,
            "url": f"{settings.HUB_URL}/users/{owner.username}",
        },
        "datePublished": version.published_at.isoformat(timespec="seconds"),
        "keywords": function.tags,
    }
    if manifest["license"]:
        data["license"] = manifest["license"]
    return script_data(data)
