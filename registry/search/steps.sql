-- The functions of the database that find documents, each a step of look.sql. The rank
-- key of a document (rank_keys.py) is its column ``place``.

-- About how many documents there are.
CREATE OR REPLACE FUNCTION registry_look_rows()
RETURNS float LANGUAGE sql STABLE AS $$
    SELECT greatest(c.reltuples, 1) FROM pg_class c
    WHERE c.oid = 'registry_searchdocument'::regclass
$$;

-- The 300 most popular that match, by how well the text fits; the demoted come last.
-- Where many are expected, the popular tier is walked in its order. ts_match_vq is @@
-- where the index over words must not be used, and ``+ 0`` hides the index of places.
CREATE OR REPLACE FUNCTION registry_look_ranked(
    wanted tsquery, said tsquery, expected float
) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    demoted CONSTANT bigint := 1048576::bigint << 32;
    weights CONSTANT real[] := '{0.02, 0.2, 0.5, 1.0}';
BEGIN
    IF expected > 1200 THEN
        RETURN ARRAY(
            SELECT n.place FROM (
                SELECT p.place, p.narrow FROM registry_searchpopular p
                WHERE ts_match_vq(p.narrow, wanted) ORDER BY p.place LIMIT 300
            ) n ORDER BY n.place >= demoted, ts_rank(weights, n.narrow, said, 1) DESC,
            n.place
        );
    END IF;
    RETURN ARRAY(
        SELECT p.place FROM registry_searchpopular p
        WHERE p.place = ANY (ARRAY(
            SELECT n.place FROM registry_searchpopular n
            WHERE n.narrow @@ wanted ORDER BY n.place + 0 LIMIT 300
        ))
        ORDER BY p.place >= demoted, ts_rank(weights, p.narrow, said, 1) DESC, p.place
    );
END $$;

-- Those that match, 3000 at most, in order of popularity. scarce: a rare word of them, or
-- NULL. The other words are then compared in the rows that have the rare one: reading
-- these takes less time than the half million entries of a frequent word in the index.
CREATE OR REPLACE FUNCTION registry_look_narrow(wanted tsquery, scarce tsquery)
RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint[];
    seen integer := 3000;  -- other words with the same stem may be frequent
BEGIN
    IF scarce IS NOT NULL THEN
        SELECT count(*), array_agg(n.place ORDER BY n.place) FILTER (WHERE n.fits)
        INTO seen, found FROM (
            SELECT d.place, ts_match_vq(d.narrow, wanted) AS fits
            FROM registry_searchdocument d WHERE d.narrow @@ scarce LIMIT 3000
        ) n;
    END IF;
    IF seen < 3000 THEN
        RETURN coalesce(found, '{}');
    END IF;
    RETURN ARRAY(
        SELECT n.place FROM (
            SELECT d.place FROM registry_searchdocument d
            WHERE d.narrow @@ wanted LIMIT 3000
        ) n ORDER BY n.place
    );
END $$;

-- The most popular that match. Where the warm tier has enough of them, only that is
-- searched, which takes a tenth of the time.
CREATE OR REPLACE FUNCTION registry_look_filled(
    wanted tsquery, scarce tsquery, most integer
) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint[] := registry_look_warm(wanted, most);
BEGIN
    IF cardinality(found) < most THEN
        found := (registry_look_narrow(wanted, scarce))[:most];
    END IF;
    RETURN found;
END $$;

-- Those that match, README included, 3000 at most, in order of popularity. narrow: those
-- with the words outside of the README; NULL where there may be more. others: the rest.
CREATE OR REPLACE FUNCTION registry_look_all(
    wanted tsquery, OUT narrow bigint[], OUT others bigint[], OUT every bigint[]
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT coalesce(array_agg(n.place ORDER BY n.place) FILTER (WHERE n.fits), '{}'),
        coalesce(array_agg(n.place ORDER BY n.place) FILTER (WHERE NOT n.fits), '{}')
    INTO narrow, others FROM (
        SELECT d.place, ts_match_vq(d.narrow, wanted) AS fits
        FROM registry_searchdocument d WHERE d.wide @@ wanted LIMIT 3000
    ) n;
    every := narrow || others;
    IF cardinality(every) >= 3000 THEN
        narrow := NULL;
    END IF;
END $$;

-- The same for words that are the exact name of a function: only READMEs of the popular
-- tier are searched. expected: an estimate of the matches. Where that is ``most`` or
-- more, and the warm tier confirms it (see registry_look_about), narrow has the most
-- popular alone (``shown`` at least), and every is NULL.
CREATE OR REPLACE FUNCTION registry_look_meant(
    wanted tsquery, scarce tsquery, expected float, shown integer, most integer,
    OUT narrow bigint[], OUT others bigint[], OUT every bigint[]
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    enough integer;
BEGIN
    others := '{}';
    IF expected >= most THEN
        enough := ceil(1.5 * registry_look_warm_rows() * most / registry_look_rows());
        narrow := registry_look_warm(wanted, most);
        IF enough > 0 AND cardinality(narrow) >= greatest(enough, shown) THEN
            RETURN;
        END IF;
    END IF;
    narrow := registry_look_narrow(wanted, scarce);
    others := ARRAY(
        SELECT n.place FROM (
            SELECT d.place FROM registry_searchdocument d
            WHERE d.is_hot AND d.wide @@ wanted
            AND NOT ts_match_vq(d.narrow, wanted) OFFSET 0
        ) n ORDER BY n.place
    );
    every := narrow || others;
END $$;

-- Estimates how many match, README included. Infinity: surely ``most`` or more, because
-- by the share of the matches in a tier there should be more than that: two and a half
-- times as many by the names, tags and descriptions of the popular tier, four times by
-- its READMEs (popular functions have longer ones), or half again as many by the warm
-- tier. known: matches in the popular tier without READMEs, at least.
CREATE OR REPLACE FUNCTION registry_look_about(
    wanted tsquery, most integer, known integer
) RETURNS float LANGUAGE plpgsql STABLE AS $$
DECLARE
    share CONSTANT float := most / registry_look_rows();
    warm CONSTANT float := registry_look_warm_rows();
    enough integer := ceil(4.0 * 10000 * share);
    found integer := 0;
BEGIN
    IF known >= 2.5 * 10000 * share THEN
        RETURN 'infinity';
    END IF;
    IF enough < most THEN
        found := (SELECT count(*) FROM (
            SELECT FROM registry_searchdocument d WHERE d.is_hot AND d.wide @@ wanted
            LIMIT enough
        ) n);
        IF found >= enough THEN
            RETURN 'infinity';
        END IF;
    END IF;
    enough := ceil(1.5 * warm * share);
    IF enough = 0 OR enough >= most THEN
        RETURN 0;
    END IF;
    found := registry_look_warm_wide(wanted, enough);
    RETURN CASE WHEN found >= enough THEN 'infinity' ELSE found * most / (warm * share) END;
END $$;

-- Any that match, README included, at most ``most``.
CREATE OR REPLACE FUNCTION registry_look_every(wanted tsquery, most integer)
RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT d.place FROM registry_searchdocument d WHERE d.wide @@ wanted LIMIT most
    );
END $$;

-- The function of that exact name, if there is one (is_name), and then the ten most
-- popular whose names begin with it.
CREATE OR REPLACE FUNCTION registry_look_named(
    slug_ text, filters tsquery, with_yanked boolean,
    OUT places bigint[], OUT is_name boolean
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    demoted CONSTANT bigint := 1048576::bigint << 32;
    slug_end CONSTANT text := slug_ || chr(1114111);
    very CONSTANT bigint[] := ARRAY(
        SELECT d.place FROM registry_searchdocument d
        WHERE d.slug = slug_ AND (with_yanked OR d.names <> '')
        AND (filters IS NULL OR d.narrow @@ filters)
    );
    begun bigint[];
BEGIN
    is_name := cardinality(very) > 0;
    IF filters IS NULL THEN
        begun := ARRAY(
            SELECT n.place FROM (
                SELECT d.place FROM registry_searchdocument d
                WHERE d.is_hot AND d.slug ~>=~ slug_ AND d.slug ~<~ slug_end OFFSET 0
            ) n WHERE n.place < demoted ORDER BY n.place LIMIT 10
        );
        IF cardinality(begun) < 10 THEN
            begun := begun || ARRAY(
                SELECT n.place FROM (
                    SELECT d.place FROM registry_searchdocument d
                    WHERE d.slug ~>=~ slug_ AND d.slug ~<~ slug_end LIMIT 200
                ) n WHERE n.place < demoted AND n.place <> ALL (begun)
                ORDER BY n.place LIMIT 10 - cardinality(begun)
            );
        END IF;
        places := very || begun;
        RETURN;
    END IF;
    begun := ARRAY(
        SELECT n.place FROM (
            SELECT d.place FROM registry_searchdocument d
            WHERE d.is_hot AND d.slug ~>=~ slug_ AND d.slug ~<~ slug_end
            AND ts_match_vq(d.narrow, filters) OFFSET 0
        ) n WHERE n.place < demoted ORDER BY n.place LIMIT 10
    );
    IF cardinality(begun) < 10 THEN
        begun := begun || ARRAY(
            SELECT n.place FROM (
                SELECT d.place FROM registry_searchdocument d
                WHERE d.slug ~>=~ slug_ AND d.slug ~<~ slug_end
                AND ts_match_vq(d.narrow, filters) LIMIT 200
            ) n WHERE n.place < demoted AND n.place <> ALL (begun)
            ORDER BY n.place LIMIT 10 - cardinality(begun)
        );
    END IF;
    places := very || begun;
END $$;

-- Popular ones, at most ``most``: known ones, and others that match, README included.
CREATE OR REPLACE FUNCTION registry_look_popular(
    wanted tsquery, known bigint[], most integer
) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint[] := known[:most];
BEGIN
    IF cardinality(found) < most THEN
        found := ARRAY(
            SELECT unnest(known) UNION (
                SELECT d.place FROM registry_searchdocument d
                WHERE d.is_hot AND d.wide @@ wanted LIMIT most
            ) LIMIT most
        );
    END IF;
    IF cardinality(found) = 0 THEN
        found := ARRAY(
            SELECT d.place FROM registry_searchdocument d
            WHERE d.wide @@ wanted LIMIT most
        );
    END IF;
    RETURN found;
END $$;
