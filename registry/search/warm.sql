-- How many documents the warm tier has: those before {edge}. 0: there is no warm tier.
CREATE OR REPLACE FUNCTION registry_look_warm_rows()
RETURNS float LANGUAGE sql IMMUTABLE AS $$ SELECT {rows}::float $$;

-- The ``most`` most popular of the warm tier that match.
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

-- How many of the warm tier match, README included; counted up to ``most``.
CREATE OR REPLACE FUNCTION registry_look_warm_wide(wanted tsquery, most integer)
RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        SELECT FROM registry_searchdocument d
        WHERE d.place < {edge} AND d.wide @@ wanted LIMIT most
    ) n);
END $$;
