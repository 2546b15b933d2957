-- Finds functions by words: the steps of docs/search.md, "What comes first". Each is
-- taken only while the page isn't full. sqlite.py has the same steps.
--
-- words: folded. is_open: the last word may be unfinished. filter: a tsquery of tokens,
-- or ''. wanted: most places returned. most: the total is counted up to this; 0 is not
-- at all. sampled: most places of a sample.
--
-- places: the best first. completed: the completions of the last word that were searched
-- too. total: NULL where ``places`` are all that match. sample: all places, if they are
-- fewer than ``most``; else popular ones.
--
-- Plans are made once a connection and don't depend on the words: each query leaves the
-- planner only one index.
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
    elsewhere bigint[];  -- those that have the words in the README alone
    elsewhere_wider bigint[];
    expected float;  -- matches in the popular tier; NULL with filters
    is_known boolean;  -- whether the dictionary has all words
    scarce tsquery;  -- the rarest word, where another is far more frequent
    is_meant boolean;  -- several words are the exact name of a function
    about float;
    is_many boolean;  -- whether ``most`` or more match
BEGIN
    completed := '{}';
    SELECT n.places, n.is_name AND others IS NOT NULL INTO places, is_meant
    FROM registry_look_named(array_to_string(words, '-'), filters, with_yanked) n;
    -- Estimates how many of the popular tier have all words, as if words were spread
    -- independently of each other.
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
            FROM registry_look_meant(
                exact, scarce, expected * all_rows / 10000, wanted, most
            ) a;
        ELSIF with_readme AND is_known AND expected * all_rows < wanted * 10000 THEN
            SELECT a.narrow, a.others, a.every INTO step, elsewhere, every
            FROM registry_look_all(exact) a;
        END IF;
        step := coalesce(step, registry_look_filled(exact, scarce, wanted));
        places := places || step[:wanted];
    END IF;
    IF cardinality(step) >= wanted AND most > 0 THEN
        IF is_meant THEN
            IF elsewhere IS NULL AND cardinality(popular) * all_rows < 25000.0 * most THEN
                every := (SELECT a.every FROM registry_look_meant(
                    exact, scarce, expected * all_rows / 10000, wanted, most
                ) a);
            END IF;
            about := CASE WHEN every IS NULL THEN 'infinity'::float ELSE 0 END;
        ELSIF every IS NULL THEN
            about := registry_look_about(exact, most, cardinality(popular));
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
                -- Half of the estimate, as searching many words takes twice as long.
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
