"""PostgreSQL's tiers of popularity, so that most searches never read all documents.

Triggers copy the popular tier (rank_keys.HOT_ROWS) to a small table. The warm tier, a
third of all documents or WARM_ROWS, has indexes of its own; a rebuild draws its edge
anew. SQLite needs neither, as it reads in order of popularity and stops.
"""

from pathlib import Path

FOLDER = Path(__file__).parent
TABLE = "registry_searchdocument"
WARM_ROWS = 100_000  # at most; a third of fewer documents
WORTH_WARM = 50_000  # documents; of fewer, all are asked as quickly
WARM = {"registry_search_warm": "narrow", "registry_search_warm_wide": "wide"}
FUNCTIONS = (
    "registry_filter",
    "registry_find",
    "registry_look",
    "registry_look_all",
    "registry_look_count",  # of earlier releases
    "registry_look_every",
    "registry_look_facets",
    "registry_look_filled",
    "registry_look_about",
    "registry_look_meant",
    "registry_look_named",
    "registry_look_narrow",
    "registry_look_popular",
    "registry_look_ranked",
    "registry_look_rows",
    "registry_look_warm",
    "registry_look_warm_rows",
    "registry_look_warm_wide",
)


def install(connection) -> None:
    """Make the table of the popular tier, and fill it."""
    if connection.vendor == "postgresql":
        execute(connection, "DROP INDEX IF EXISTS registry_search_hot")
        execute(connection, _read("popular.sql"))


def uninstall(connection) -> None:
    """Drop that table, and the warm tier's indexes."""
    if connection.vendor == "postgresql":
        for event in ("insert", "update", "delete", "truncate"):
            trigger = f"registry_searchpopular_{event}"
            execute(connection, f"DROP TRIGGER IF EXISTS {trigger} ON {TABLE}")
        for function in ("keep", "of"):
            name = f"registry_searchpopular_{function}"
            execute(connection, f"DROP FUNCTION IF EXISTS {name}")
        execute(connection, "DROP TABLE IF EXISTS registry_searchpopular")
        forget_warm(connection)


def install_look(connection) -> None:
    """Create the functions of the database that search, or replace them."""
    if connection.vendor == "postgresql":
        uninstall_look(connection)
        for name in ("steps.sql", "look.sql", "page.sql"):
            execute(connection, _read(name))
        execute(connection, _warm_functions(connection, _warm_edge(connection)))


def uninstall_look(connection) -> None:
    """Drop them."""
    if connection.vendor == "postgresql":
        execute(connection, f"DROP FUNCTION IF EXISTS {', '.join(FUNCTIONS)}")


def draw_warm(connection) -> None:
    """Make the warm tier of the WARM_ROWS documents that are most popular now. Outside
    of a transaction others may write meanwhile."""
    if connection.vendor != "postgresql":
        return
    at_once = " CONCURRENTLY"
    if connection.in_atomic_block:
        at_once = ""
        execute(connection, "SET CONSTRAINTS ALL IMMEDIATE")  # of rows just written
    forget_warm(connection, at_once)
    documents = _documents(connection)
    edge = 0
    if documents >= WORTH_WARM:
        edge = _rank_key_at(connection, min(WARM_ROWS, documents // 3))
    for name, column in WARM.items():
        execute(
            connection,
            f"CREATE INDEX{at_once} {name} ON {TABLE} USING gin ({column}) "
            f"WITH (fastupdate = off) WHERE place < {edge:d}",
        )
    execute(connection, _warm_functions(connection, edge))


def draw_missing(connection) -> None:
    """Make the warm tier where there is none: earlier releases had one only for many
    more functions."""
    if connection.vendor == "postgresql" and not _warm_edge(connection):
        draw_warm(connection)


def forget_warm(connection, at_once: str = "") -> None:
    for name in WARM:
        execute(connection, f"DROP INDEX{at_once} IF EXISTS {name}")


def _warm_edge(connection) -> int:
    """The rank key where the warm tier ends, as its index has it; 0 without one."""
    found = _value(
        connection,
        "SELECT substring(indexdef FROM 'place < ''?([0-9]+)') FROM pg_indexes "
        "WHERE indexname = 'registry_search_warm'",
    )
    return int(found or 0)


def _documents(connection, edge: int | None = None) -> int:
    """How many documents there are, or how many before a rank key."""
    only = "" if edge is None else f" WHERE place < {edge:d}"
    return _value(connection, f"SELECT count(*) FROM {TABLE}{only}")


def _rank_key_at(connection, number: int) -> int:
    """The rank key with so many documents before it; 0 where there is none."""
    sql = f"SELECT place FROM {TABLE} ORDER BY place OFFSET {number:d} LIMIT 1"
    return _value(connection, sql) or 0


def _value(connection, sql: str):
    """The first column of a statement's first row; None without one."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return (cursor.fetchone() or (None,))[0]


def _warm_functions(connection, edge: int) -> str:
    """Their SQL, with the edge as a literal: only then a planner uses the index."""
    rows = _documents(connection, edge) if edge else 0
    made = _read("warm.sql").replace("{edge}", str(edge))
    return made.replace("{rows}", str(rows))


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def execute(connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
