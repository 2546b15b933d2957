-- How many match, README included; not counted further than ``most``. First among the
-- popular: where these say that there should be four times as many, that is believed.
CREATE OR REPLACE FUNCTION registry_look_count(wanted tsquery, most integer)
RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE
    enough CONSTANT integer := least(most, ceil(
        4.0 * most * 10000 / registry_look_rows()
    ));
    found integer;
BEGIN
    found := (SELECT count(*) FROM (
        SELECT FROM registry_searchdocument d WHERE d.is_hot AND d.wide @@ wanted
        LIMIT enough
    ) n);
    IF found >= enough THEN
        RETURN most;
    END IF;
    RETURN (SELECT count(*) FROM (
        SELECT FROM registry_searchdocument d WHERE d.wide @@ wanted LIMIT most
    ) n);
END $$;

-- About how many documents there are.
CREATE OR REPLACE FUNCTION registry_look_rows()
RETURNS float LANGUAGE sql STABLE AS $$
    SELECT greatest(c.reltuples, 1) FROM pg_class c
    WHERE c.oid = 'registry_searchdocument'::regclass
$$;

-- The popular that match, by how well the text fits; what is sunk comes last. Many are
-- expected: the 300 most popular of them, by walking the popular in their order.
-- ts_match_vq is @@ where the index over words must not be used.
CREATE OR REPLACE FUNCTION registry_look_ranked(
    wanted tsquery, said tsquery, expected float, most integer
) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    sunk CONSTANT bigint := 1048576::bigint << 32;
    weights CONSTANT real[] := '{0.02, 0.2, 0.5, 1.0}';
BEGIN
    IF expected > 1200 THEN
        RETURN ARRAY(
            SELECT n.place FROM (
                SELECT d.place, d.narrow FROM registry_searchdocument d
                WHERE d.is_hot AND ts_match_vq(d.narrow, wanted)
                ORDER BY d.place LIMIT 300
            ) n ORDER BY n.place >= sunk, ts_rank(weights, n.narrow, said, 1) DESC,
            n.place LIMIT most
        );
    END IF;
    RETURN ARRAY(
        SELECT d.place FROM registry_searchdocument d
        WHERE d.is_hot AND d.narrow @@ wanted
        ORDER BY d.place >= sunk, ts_rank(weights, d.narrow, said, 1) DESC, d.place
        LIMIT most
    );
END $$;

-- Finding functions by words: the steps of docs/search.md, "What comes first", each
-- taken only while the page isn't full. sqlite.py takes the same ones.
--
-- words: folded, the last one perhaps unfinished (is_open). filter: a tsquery of
-- tokens, or ''. wanted: places at most. most: what to count to, or 0. places: the best
-- first, some of them twice. completed: what the last word was also read as.
--
-- Plans are made once a connection and without looking at the words: each query leaves
-- the planner one index.
CREATE OR REPLACE FUNCTION registry_look(
    words text[], filter text, is_open boolean, wanted integer, most integer,
    with_yanked boolean, with_readme boolean,
    OUT places bigint[], OUT completed text[], OUT total integer
) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
SET work_mem = '32MB'
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    sunk CONSTANT bigint := 1048576::bigint << 32;
    slug_ CONSTANT text := array_to_string(words, '-');
    slug_end CONSTANT text := slug_ || chr(1114111);
    last_word CONSTANT text := words[cardinality(words)];
    others CONSTANT text := (
        SELECT string_agg(quote_literal(w) || ' & ', '')
        FROM unnest(words[:cardinality(words) - 1]) w
    );
    filters CONSTANT tsquery := CASE
        WHEN filter = '' THEN ''::tsquery ELSE to_tsquery('registry_words', filter)
    END;
    is_filtered CONSTANT boolean := filter <> '';
    said tsquery := to_tsquery(
        'registry_words', concat(others, quote_literal(last_word))
    );
    exact CONSTANT tsquery := said && filters;
    wider tsquery := exact;
    step bigint[];
    expected float;
BEGIN
    completed := '{}';
    places := ARRAY(
        SELECT d.place FROM registry_searchdocument d
        WHERE d.slug = slug_ AND (with_yanked OR d.names <> '')
        AND (NOT is_filtered OR d.narrow @@ filters)
    );
    IF is_filtered THEN
        step := ARRAY(
            SELECT n.place FROM (
                SELECT d.place FROM registry_searchdocument d
                WHERE d.is_hot AND d.slug ~>=~ slug_ AND d.slug ~<~ slug_end
                AND ts_match_vq(d.narrow, filters) OFFSET 0
            ) n WHERE n.place < sunk ORDER BY n.place LIMIT 10
        );
        IF cardinality(step) < 10 THEN
            step := step || ARRAY(
                SELECT n.place FROM (
                    SELECT d.place FROM registry_searchdocument d
                    WHERE d.slug ~>=~ slug_ AND d.slug ~<~ slug_end
                    AND ts_match_vq(d.narrow, filters) LIMIT 200
                ) n WHERE n.place < sunk AND n.place <> ALL (step)
                ORDER BY n.place LIMIT 10 - cardinality(step)
            );
        END IF;
    ELSE
        step := ARRAY(
            SELECT n.place FROM (
                SELECT d.place FROM registry_searchdocument d
                WHERE d.is_hot AND d.slug ~>=~ slug_ AND d.slug ~<~ slug_end OFFSET 0
            ) n WHERE n.place < sunk ORDER BY n.place LIMIT 10
        );
        IF cardinality(step) < 10 THEN
            step := step || ARRAY(
                SELECT n.place FROM (
                    SELECT d.place FROM registry_searchdocument d
                    WHERE d.slug ~>=~ slug_ AND d.slug ~<~ slug_end LIMIT 200
                ) n WHERE n.place < sunk AND n.place <> ALL (step)
                ORDER BY n.place LIMIT 10 - cardinality(step)
            );
        END IF;
    END IF;
    places := places || step;

    -- How many of the popular have all words, by how many of all have each; with
    -- filters they are few enough.
    IF NOT is_filtered THEN
        SELECT 10000 * exp(sum(ln(least(
            1, coalesce(w.documents, 0.1) / registry_look_rows()
        )))) INTO expected
        FROM unnest(words) typed LEFT JOIN registry_searchword w ON w.word = typed;
    END IF;
    step := registry_look_ranked(exact, said, expected, wanted);
    places := places || step;
    IF cardinality(step) < wanted THEN
        step := ARRAY(
            SELECT n.place FROM (
                SELECT d.place FROM registry_searchdocument d
                WHERE d.narrow @@ exact LIMIT 3000
            ) n ORDER BY n.place LIMIT wanted
        );
        places := places || step;
    END IF;

    IF cardinality(step) >= wanted AND most > 0 THEN
        total := registry_look_count(exact, most);
    END IF;
    IF is_open AND (cardinality(step) < wanted OR total < most) THEN
        completed := ARRAY(
            SELECT w.word FROM registry_searchword w
            WHERE w.word ~>~ last_word AND w.word ~<~ (last_word || chr(1114111))
            ORDER BY w.documents DESC, length(w.word), w.word LIMIT 8
        );
        IF cardinality(completed) > 0 THEN
            said := to_tsquery('registry_words', concat(others, '(', (
                SELECT string_agg(quote_literal(w), ' | ')
                FROM unnest(last_word || completed) w
            ), ')'));
            wider := said && filters;
        END IF;
    END IF;
    IF cardinality(step) < wanted AND cardinality(completed) > 0 THEN
        IF NOT is_filtered AND others IS NULL THEN
            SELECT 10000 * sum(w.documents) / registry_look_rows() INTO expected
            FROM unnest(last_word || completed) typed
            JOIN registry_searchword w ON w.word = typed;
        END IF;
        step := registry_look_ranked(wider, said, expected, wanted);
        places := places || step;
        IF cardinality(step) < wanted THEN
            step := ARRAY(
                SELECT n.place FROM (
                    SELECT d.place FROM registry_searchdocument d
                    WHERE d.narrow @@ wider LIMIT 3000
                ) n ORDER BY n.place LIMIT wanted
            );
            places := places || step;
        END IF;
    END IF;
    IF cardinality(step) < wanted AND with_readme THEN
        step := ARRAY(
            SELECT n.place FROM (
                SELECT d.place FROM registry_searchdocument d
                WHERE d.wide @@ exact LIMIT 3000
            ) n ORDER BY n.place LIMIT wanted
        );
        places := places || step;
        IF cardinality(step) < wanted AND cardinality(completed) > 0 THEN
            step := ARRAY(
                SELECT n.place FROM (
                    SELECT d.place FROM registry_searchdocument d
                    WHERE d.wide @@ wider LIMIT 3000
                ) n ORDER BY n.place LIMIT wanted
            );
            places := places || step;
        END IF;
    END IF;
    IF cardinality(step) >= wanted AND most > 0 AND coalesce(total, 0) < most THEN
        total := greatest(total, registry_look_count(wider, most));
    END IF;
END $$;
