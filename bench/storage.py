"""What a registry takes on disk, by table and index, per function and per version.

    DATABASE_URL=... python -m bench.storage [--json]

Reads the database that the environment names, PostgreSQL or SQLite, and the pictures of
its listings. The seeds render the sources of their first functions only, so HTML is
counted per function that has any; "a million functions" takes all to have it.
"""

import argparse
import json
import os
import sys

MILLION = 1_000_000
GB = 1_000_000_000
# Assumptions, not measurements: what a cloud asks at list price, in US dollars.
DISK_PER_GB_MONTH = 0.12  # SSD volume of a managed PostgreSQL
BACKUP_PER_GB_MONTH = 0.03
BUCKET_PER_GB_MONTH = 0.023
SERVER_PER_MONTH = 120  # 4 cores, 16 GB
HTML = "registry_rendering"


def measured() -> dict:
    """Bytes by table and index, and counts: see the keys."""
    from django.db import connection
    from django.db.models import Sum

    from registry.models import Function, Rendering, Screenshot, Version

    sizes = {"sqlite": _sqlite, "postgresql": _postgresql}[connection.vendor]
    with connection.cursor() as cursor:
        tables = sizes(cursor)
    shown = Rendering.objects.exclude(kind="readme").values("blob_id")
    return {
        "database": connection.vendor,
        "functions": Function.objects.count(),
        "versions": Version.objects.count(),
        "rendered": Function.objects.filter(latest__files__blob__in=shown)
        .distinct()
        .count(),
        "pictures": Screenshot.objects.count(),
        "source_bytes": Version.objects.aggregate(all=Sum("size"))["all"] or 0,
        "tables": tables,
    }


def per_function(found: dict) -> dict[str, float]:
    """Bytes that a function takes: in each table with its indexes, and in all."""
    made = {
        name: sum(sizes.values())
        / max(1, found["rendered" if name == HTML else "functions"])
        for name, sizes in found["tables"].items()
    }
    return dict(sorted(made.items(), key=lambda item: -item[1]))


def _postgresql(cursor) -> dict[str, dict[str, int]]:
    cursor.execute(
        "SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return {name: {"rows": rows, "indexes": i} for name, rows, i in cursor.fetchall()}


def _sqlite(cursor) -> dict[str, dict[str, int]]:
    """FTS5 keeps its index in tables of its own, which are counted as indexes."""
    cursor.execute(
        "SELECT coalesce(m.tbl_name, s.name), coalesce(m.type, 'table'), "
        "sum(s.pgsize) FROM dbstat s LEFT JOIN sqlite_master m ON m.name = s.name "
        "GROUP BY 1, 2"
    )
    found: dict[str, dict[str, int]] = {}
    for name, kind, size in cursor.fetchall():
        sizes = found.setdefault(name, {"rows": 0, "indexes": 0})
        is_index = kind == "index" or name.startswith("registry_search_")
        sizes["indexes" if is_index else "rows"] += size
    return found


def cost(bytes_per_function: float) -> dict[str, float]:
    """GB and dollars a month of a million functions, pictures aside."""
    gb = bytes_per_function * MILLION / GB
    disk = gb * 1.5  # room to rewrite the largest table, and the log
    return {
        "gb": gb,
        "disk": disk * DISK_PER_GB_MONTH,
        "backup": gb * BACKUP_PER_GB_MONTH,
        "servers": 2 * SERVER_PER_MONTH,  # one for the Hub, one for PostgreSQL
        "each_replica": disk * DISK_PER_GB_MONTH + SERVER_PER_MONTH,
    }


def lines(found: dict):
    """The findings as tables of Markdown."""
    each = per_function(found)
    versions = found["versions"] / max(1, found["functions"])
    total = sum(each.values())
    source = found["source_bytes"] / max(1, found["versions"])
    yield f"{found['functions']:,} functions, {found['versions']:,} versions, "
    yield f"{source:,.0f} bytes of source each"
    yield "\n| table | rows, bytes | indexes, bytes | per function | per version |"
    yield "|---|---|---|---|---|"
    for name, size in each.items():
        if size >= total / 100:
            kept = found["tables"][name]
            yield (
                f"| `{name}` | {kept['rows']:,} | {kept['indexes']:,} | {size:,.0f} | "
                f"{size / versions:,.0f} |"
            )
    yield f"| all | | | {total:,.0f} | {total / versions:,.0f} |"
    yield "\nA million functions: " + ", ".join(
        f"{name} {value:,.0f}" for name, value in cost(total).items()
    )


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m bench.storage")
    reader.add_argument("--json", action="store_true")
    asked = reader.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    found = measured()
    print(json.dumps(found, indent=1) if asked.json else "\n".join(lines(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
