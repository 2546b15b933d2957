-- What facets.py counts of the functions at these places. kinds: a line for each
-- function; the license comes last, as it may contain commas. tags: of all functions,
-- with commas between them.
CREATE OR REPLACE FUNCTION registry_look_facets(
    places bigint[], OUT kinds text[], OUT tags text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    edge CONSTANT bigint := (SELECT max(p.place) FROM registry_searchpopular p);
    known bigint[];
    others bigint[];
BEGIN
    SELECT array_agg(p.place), array_agg(concat_ws(',', p.category, p.language, p.runtime,
            p.no_dependencies, p.no_network, p.has_tables, p.license)),
        string_agg(array_to_string(p.tags, ','), ',')
    INTO known, kinds, tags FROM registry_searchpopular p
    WHERE p.place = ANY (ARRAY(SELECT u FROM unnest(places) u WHERE u <= edge));
    IF cardinality(known) = cardinality(places) THEN
        RETURN;
    END IF;
    others := ARRAY(
        SELECT 4294967295 - o.place % 4294967296 FROM (
            SELECT unnest(places) EXCEPT SELECT unnest(known)
        ) o(place) ORDER BY 1
    );
    kinds := kinds || ARRAY(
        SELECT concat_ws(',', d.category, d.language, d.runtime,
            d.no_dependencies, d.no_network, d.has_tables, d.license)
        FROM registry_searchdocument d WHERE d.function_id = ANY (others)
    );
    tags := concat_ws(',', tags, (
        SELECT string_agg(t.tag, ',') FROM registry_functiontag t
        WHERE t.function_id = ANY (others)
    ));
END $$;

-- A whole search: what registry_look finds, and the facets of the sample.
CREATE OR REPLACE FUNCTION registry_find(
    words text[], filter text, is_open boolean, wanted integer, most integer,
    with_yanked boolean, with_readme boolean, sampled integer, want_facets boolean,
    OUT places bigint[], OUT completed text[], OUT total integer, OUT sample bigint[],
    OUT kinds json, OUT tags text
) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
SET max_parallel_workers_per_gather = 0
AS $$
BEGIN
    SELECT l.places, l.completed, l.total, l.sample
    INTO places, completed, total, sample
    FROM registry_look(
        words, filter, is_open, wanted, most, with_yanked, with_readme, sampled
    ) l;
    IF want_facets AND cardinality(sample) > 0 THEN
        SELECT array_to_json(f.kinds), f.tags INTO kinds, tags
        FROM registry_look_facets(sample) f;
    END IF;
END $$;

-- Finds functions by filters alone. total: at most ``most``. The others as above.
CREATE OR REPLACE FUNCTION registry_filter(
    filter text, most integer, sampled integer, want_facets boolean,
    OUT total integer, OUT sample bigint[], OUT kinds json, OUT tags text
) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
SET work_mem = '32MB'
SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    wanted CONSTANT tsquery := to_tsquery('registry_words', filter);
BEGIN
    IF registry_look_about(wanted, most, 0) < 'infinity' THEN
        sample := registry_look_every(wanted, most);
    END IF;
    total := least(most, coalesce(cardinality(sample), most));
    IF total >= most THEN
        sample := registry_look_popular(wanted, '{}', sampled);
    END IF;
    IF want_facets AND cardinality(sample) > 0 THEN
        SELECT array_to_json(f.kinds), f.tags INTO kinds, tags
        FROM registry_look_facets(sample) f;
    END IF;
END $$;
