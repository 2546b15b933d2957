"""What a function page says to machines, in its head."""


def structured_data(function, version, hub_url: str) -> dict:
    """Source: https://schema.org/SoftwareSourceCode."""
    owner = function.owner
    url = hub_url + function.url
    data = {
        "@context": "https://schema.org",
        "@type": "SoftwareSourceCode",
        "name": function.slug,
        "description": version.manifest["description"],
        "url": url,
        "codeRepository": f"{url}/v/{version.number}/source",
        "version": version.number,
        "programmingLanguage": {
            "javascript": "JavaScript",
            "typescript": "TypeScript",
        }.get(version.manifest["language"], "TypeScript"),
        "author": {
            "@type": "Person",
            "name": owner.shown_name,
            "url": f"{hub_url}/users/{owner.username}",
        },
        "datePublished": version.published_at.isoformat(timespec="seconds"),
        "keywords": function.tags,
    }
    if version.manifest["license"]:
        data["license"] = version.manifest["license"]
    return data
