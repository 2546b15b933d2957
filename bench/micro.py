"""Single steps without a server: milliseconds of one call, the median of many.

python -m bench micro [--keep]
"""

import os
import statistics
import time
from pathlib import Path

from bench import reporting

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "cursor-pagination"
SOURCE_BYTES = (2_000, 20_000, 200_000)
README_BYTES = (5_000, 50_000)
MOST_SECONDS, MOST_CALLS = 2.0, 200  # for each step


def steps():
    """(what is done, what does it) of everything that is timed."""
    from registry import inspection, integrity
    from registry.content import comparison, rendering
    from registry.management.demo import push_body
    from registry.manifest import Manifest

    sent = push_body(EXAMPLE)
    config, files = sent["config_schema"], sent["files"]
    code = "\n".join(files.values())

    yield (
        "manifest: parse and check",
        lambda: Manifest.read(config, categories={config["category"]}),
    )
    yield "inspection: four files", lambda: inspection.inspect(config, files)
    for size in SOURCE_BYTES:
        text = _of_size(code, size)
        yield (
            f"highlighting: {size // 1000} KB of TypeScript",
            lambda text=text: rendering.source_html(text, "typescript"),
        )
        yield (
            f"inspection: {size // 1000} KB of TypeScript",
            lambda text=text: inspection.inspect(config, {"index.ts": text}),
        )
    for size in README_BYTES:
        text = _of_size(sent["readme"], size)
        yield (
            f"README: {size // 1000} KB of Markdown",
            lambda text=text: rendering.readme_html(text),
        )
    old = _of_size(code, 20_000)
    new = old.replace("cursor", "position")
    yield (
        "comparison: 20 KB, a word changed throughout",
        lambda: comparison.compare_texts({"a.ts": old}, {"a.ts": new}),
    )
    yield (
        "integrity: hash four files",
        lambda: integrity.of_files(
            {path: integrity.sha256_of(text) for path, text in files.items()}
        ),
    )


def timed(call) -> float:
    """Milliseconds of one call: the median; bounded in calls and in time."""
    call()
    times, began = [], time.perf_counter()
    while len(times) < MOST_CALLS and time.perf_counter() - began < MOST_SECONDS:
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def _of_size(text: str, size: int) -> str:
    return (text * (size // len(text) + 1))[:size]


def main(*, keep: bool) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    found = {}
    for name, call in steps():
        found[name] = timed(call)
        print(f"{name:50} {found[name]:10.3f} ms", flush=True)
    if keep:
        reporting.keep_as("micro", found)
    return 0
