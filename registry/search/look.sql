-- About how many documents there are.
CREATE OR REPLACE FUNCTION registry_look_rows()
RETURNS float LANGUAGE sql STABLE AS $$
    SELECT greatest(c.reltuples, 1) FROM pg_class c
    WHERE c.oid = 'registry_searchdocument'::regclass
$$;

-- The 300 most popular that match, by how well the text fits; what is sunk comes last.
-- Many are expected: by walking the popular in their order. ts_match_vq is @@ where the
-- index over words must not be used, and ``+ 0`` hides the one in order of places.
CREATE OR REPLACE FUNCTION registry_look_ranked(
    wanted tsquery, said tsquery, expected float
) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    sunk CONSTANT bigint := 1048576::bigint << 32;
    weights CONSTANT real[] := '{0.02, 0.2, 0.5, 1.0}';
BEGIN
    IF expected > 1200 THEN
        RETURN ARRAY(
            SELECT n.place FROM (
                SELECT p.place, p.narrow FROM registry_searchpopular p
                WHERE ts_match_vq(p.narrow, wanted) ORDER BY p.place LIMIT 300
            ) n ORDER BY n.place >= sunk, ts_rank(weights, n.narrow, said, 1) DESC,
            n.place
        );
    END IF;
    RETURN ARRAY(
        SELECT p.place FROM registry_searchpopular p
        WHERE p.place = ANY (ARRAY(
            SELECT n.place FROM registry_searchpopular n
            WHERE n.narrow @@ wanted ORDER BY n.place + 0 LIMIT 300
        ))
        ORDER BY p.place >= sunk, ts_rank(weights, p.narrow, said, 1) DESC, p.place
    );
END $$;

-- All that match, 3000 at most, in order of popularity. scarce: what few of them have,
-- or NULL. The others are looked for in these rows then: to read of half a million
-- places where an index has a frequent word takes longer than a few hundred rows.
CREATE OR REPLACE FUNCTION registry_look_narrow(wanted tsquery, scarce tsquery)
RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    found bigint[];
    seen integer := 3000;  -- the word may have more forms than the one that is scarce
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

-- Of all that match, the most popular: among those that are fairly popular where these
-- suffice, which takes a tenth of the time.
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

-- All that match, README included, but for 3000 at most. narrow: those with the words
-- elsewhere; NULL where there may be more. others: the others. In order of popularity.
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

-- The same where the words are the very name of a function: of READMEs those of the
-- popular alone.
CREATE OR REPLACE FUNCTION registry_look_meant(
    wanted tsquery, scarce tsquery,
    OUT narrow bigint[], OUT others bigint[], OUT every bigint[]
) LANGUAGE plpgsql STABLE AS $$
BEGIN
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

-- About how many match, README included, by what the popular say, or those that are
-- fairly so. Where a few of them should mean four times ``most``, or half again as many,
-- that is believed: infinity. known: popular ones, at least, READMEs aside, which are
-- longer where functions are popular: of these two and a half times as many are enough.
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

-- Which match, README included, no more than ``most``.
CREATE OR REPLACE FUNCTION registry_look_every(wanted tsquery, most integer)
RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT d.place FROM registry_searchdocument d WHERE d.wide @@ wanted LIMIT most
    );
END $$;

-- The ten most popular whose names begin so, and first the one of that very name
-- (is_name: there is one).
CREATE OR REPLACE FUNCTION registry_look_named(
    slug_ text, filters tsquery, with_yanked boolean,
    OUT places bigint[], OUT is_name boolean
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    sunk CONSTANT bigint := 1048576::bigint << 32;
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
            ) n WHERE n.place < sunk ORDER BY n.place LIMIT 10
        );
        IF cardinality(begun) < 10 THEN
            begun := begun || ARRAY(
                SELECT n.place FROM (
                    SELECT d.place FROM registry_searchdocument d
                    WHERE d.slug ~>=~ slug_ AND d.slug ~<~ slug_end LIMIT 200
                ) n WHERE n.place < sunk AND n.place <> ALL (begun)
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
        ) n WHERE n.place < sunk ORDER BY n.place LIMIT 10
    );
    IF cardinality(begun) < 10 THEN
        begun := begun || ARRAY(
            SELECT n.place FROM (
                SELECT d.place FROM registry_searchdocument d
                WHERE d.slug ~>=~ slug_ AND d.slug ~<~ slug_end
                AND ts_match_vq(d.narrow, filters) LIMIT 200
            ) n WHERE n.place < sunk AND n.place <> ALL (begun)
            ORDER BY n.place LIMIT 10 - cardinality(begun)
        );
    END IF;
    places := very || begun;
END $$;

-- As many popular ones, of the known and of those that match, README included.
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

-- Finding functions by words: the steps of docs/search.md, "What comes first", each
-- taken only while the page isn't full. sqlite.py takes the same ones.
--
-- words: folded, the last one perhaps unfinished (is_open). filter: a tsquery of
-- tokens, or ''. wanted: places at most. most: what to count to, or 0. places: the best
-- first. completed: what the last word was also read as. total: NULL where the places
-- are all there are. sample: all places where they are fewer than ``most``; of too many
-- ``sampled`` popular ones.
--
-- Plans are made once a connection and without looking at the words: each query leaves
-- the planner one index.
CREATE OR REPLACE FUNCTION registry_look(
    words text[], filter text, is_open boolean, wanted integer, most integer,
    with_yanked boolean, with_readme boolean, sampled integer,
    OUT places bigint[], OUT completed text[], OUT total integer, OUT sample bigint[]
) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
SET work_mem = '32MB'
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    last_word CONSTANT text := words[cardinality(words)];
    others CONSTANT text := (
        SELECT string_agg(quote_literal(w) || ' & ', '')
        FROM unnest(words[:cardinality(words) - 1]) w
    );
    filters CONSTANT tsquery := CASE
        WHEN filter = '' THEN NULL ELSE to_tsquery('registry_words', filter)
    END;
    all_rows CONSTANT float := registry_look_rows();
    said tsquery := to_tsquery(
        'registry_words', concat(others, quote_literal(last_word))
    );
    exact CONSTANT tsquery := coalesce(said && filters, said);
    wider tsquery;
    popular bigint[];
    every bigint[];
    step bigint[];
    elsewhere bigint[];  -- with the words in the README alone
    elsewhere_wider bigint[];
    expected float;  -- of the popular; NULL with filters, where they are few
    is_known boolean;  -- whether the dictionary has all words
    scarce tsquery;  -- the rarest word, where another is far more frequent
    is_meant boolean;  -- several words are the very name of a function
    about float;
    is_many boolean;  -- whether there are ``most``, as far as is asked
BEGIN
    completed := '{}';
    SELECT n.places, n.is_name AND others IS NOT NULL INTO places, is_meant
    FROM registry_look_named(array_to_string(words, '-'), filters, with_yanked) n;
    -- How many of the popular have all words, by how many of all have each.
    IF filters IS NULL THEN
        SELECT 10000 * exp(sum(ln(least(
            1, coalesce(w.documents, 0.1) / all_rows
        )))), bool_and(w.word IS NOT NULL), CASE
            WHEN 300 * min(w.documents) < max(w.documents)
            THEN to_tsquery('registry_words', quote_literal(
                (array_agg(typed ORDER BY w.documents))[1]
            ))
        END INTO expected, is_known, scarce
        FROM unnest(words) typed LEFT JOIN registry_searchword w ON w.word = typed;
    END IF;
    popular := registry_look_ranked(exact, said, expected);
    step := popular;
    places := places || step[:wanted];
    IF cardinality(step) < wanted THEN
        step := NULL;
        IF is_meant AND with_readme THEN
            SELECT a.narrow, a.others, a.every INTO step, elsewhere, every
            FROM registry_look_meant(exact, scarce) a;
        ELSIF with_readme AND is_known AND expected * all_rows < wanted * 10000 THEN
            SELECT a.narrow, a.others, a.every INTO step, elsewhere, every
            FROM registry_look_all(exact) a;
        END IF;
        step := coalesce(step, registry_look_filled(exact, scarce, wanted));
        places := places || step[:wanted];
    END IF;
    IF cardinality(step) >= wanted AND most > 0 THEN
        IF every IS NULL THEN
            IF is_meant AND cardinality(popular) * all_rows < 25000.0 * most THEN
                every := (SELECT a.every FROM registry_look_meant(exact, scarce) a);
            ELSE
                about := registry_look_about(exact, most, cardinality(popular));
            END IF;
            IF about BETWEEN most AND 1e9 THEN
                every := registry_look_every(exact, most);
            END IF;
        END IF;
        is_many := coalesce(cardinality(every) >= most, about > most);
    ELSE
        is_many := cardinality(step) >= wanted;
    END IF;

    IF is_open AND NOT is_many AND NOT is_meant THEN
        completed := ARRAY(
            SELECT w.word FROM registry_searchword w
            WHERE w.word ~>~ last_word AND w.word ~<~ (last_word || chr(1114111))
            ORDER BY w.documents DESC, length(w.word), w.word LIMIT 8
        );
    END IF;
    IF cardinality(completed) > 0 THEN
        every := NULL;
        said := to_tsquery('registry_words', concat(others, '(', (
            SELECT string_agg(quote_literal(w), ' | ')
            FROM unnest(last_word || completed) w
        ), ')'));
        wider := coalesce(said && filters, said);
        IF cardinality(step) < wanted THEN
            IF filters IS NULL AND others IS NULL THEN
                -- Half of it: to look for many words takes twice as long.
                SELECT 5000 * sum(w.documents) / all_rows INTO expected
                FROM unnest(last_word || completed) typed
                JOIN registry_searchword w ON w.word = typed;
            END IF;
            popular := registry_look_ranked(wider, said, expected);
            step := popular;
            places := places || step[:wanted];
        END IF;
        IF cardinality(step) < wanted THEN
            step := registry_look_filled(wider, NULL, wanted);
            places := places || step;
        END IF;
        is_many := cardinality(step) >= wanted AND most > 0
            AND registry_look_about(wider, most, cardinality(popular)) = 'infinity';
    END IF;
    IF cardinality(step) < wanted AND with_readme THEN
        IF elsewhere IS NULL THEN
            SELECT a.others, a.every INTO elsewhere, every
            FROM registry_look_all(exact) a;
        END IF;
        step := step || elsewhere;
        places := places || elsewhere[:wanted];
        IF wider IS NOT NULL THEN
            SELECT a.others, a.every INTO elsewhere_wider, every
            FROM registry_look_all(wider) a;
            step := step || elsewhere_wider;
            places := places || elsewhere_wider[:wanted];
        END IF;
    END IF;
    IF cardinality(step) >= wanted AND most > 0 THEN
        IF NOT is_many THEN
            every := coalesce(every, registry_look_every(coalesce(wider, exact), most));
        END IF;
        total := CASE WHEN is_many THEN most ELSE least(most, cardinality(every)) END;
    END IF;
    places := ARRAY(
        SELECT p FROM unnest(places) WITH ORDINALITY u(p, n)
        GROUP BY p ORDER BY min(n) LIMIT wanted
    );
    IF sampled > 0 THEN
        sample := CASE
            WHEN total IS NULL THEN places
            WHEN total < most THEN every
            ELSE registry_look_popular(coalesce(wider, exact), popular, sampled)
        END;
    END IF;
END $$;
