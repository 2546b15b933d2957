-- The ``most`` most popular that match, of those before {edge}: some 100,000, a tenth of
-- a large registry. NULL where there are fewer functions altogether.
CREATE OR REPLACE FUNCTION registry_look_warm(wanted tsquery, most integer)
RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT n.place FROM (
            SELECT d.place FROM registry_searchdocument d
            WHERE d.place < {edge} AND d.narrow @@ wanted LIMIT 3000
        ) n ORDER BY n.place LIMIT most
    );
END $$;

-- How many of those match, README included; not counted further than ``most``.
CREATE OR REPLACE FUNCTION registry_look_warm_wide(wanted tsquery, most integer)
RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        SELECT FROM registry_searchdocument d
        WHERE d.place < {edge} AND d.wide @@ wanted LIMIT most
    ) n);
END $$;
