-- A copy of the popular tier: 10,000 small rows, of which ranking and facets read
-- hundreds. In the table of all documents each would be on another page, between long
-- texts.
CREATE TABLE registry_searchpopular (
    place bigint PRIMARY KEY,
    function_id bigint NOT NULL UNIQUE,
    category text NOT NULL,
    language text NOT NULL,
    runtime text NOT NULL,
    license text NOT NULL,
    no_dependencies boolean NOT NULL,
    no_network boolean NOT NULL,
    has_tables boolean NOT NULL,
    tags text[] NOT NULL,
    narrow tsvector NOT NULL
);
ALTER TABLE registry_searchpopular ALTER COLUMN narrow SET STORAGE MAIN;
CREATE INDEX registry_search_popular ON registry_searchpopular
    USING gin (narrow) WITH (fastupdate = off);

-- Triggers keep it, as they keep SQLite's full-text tables.
CREATE FUNCTION registry_searchpopular_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM registry_searchpopular;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM registry_searchpopular WHERE function_id = OLD.function_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO registry_searchpopular
        SELECT * FROM registry_searchpopular_of(NEW.function_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION registry_searchpopular_of(wanted bigint)
RETURNS SETOF registry_searchpopular LANGUAGE sql STABLE AS $$
    SELECT d.place, d.function_id, d.category, d.language, d.runtime, d.license,
        d.no_dependencies, d.no_network, d.has_tables,
        ARRAY(SELECT jsonb_array_elements_text(f.tags)), d.narrow
    FROM registry_searchdocument d JOIN registry_function f ON f.id = d.function_id
    WHERE d.is_hot AND d.function_id = wanted
$$;

CREATE TRIGGER registry_searchpopular_insert AFTER INSERT ON registry_searchdocument
    FOR EACH ROW WHEN (NEW.is_hot) EXECUTE FUNCTION registry_searchpopular_keep();
CREATE TRIGGER registry_searchpopular_update AFTER UPDATE ON registry_searchdocument
    FOR EACH ROW WHEN (OLD.is_hot OR NEW.is_hot)
    EXECUTE FUNCTION registry_searchpopular_keep();
CREATE TRIGGER registry_searchpopular_delete AFTER DELETE ON registry_searchdocument
    FOR EACH ROW WHEN (OLD.is_hot) EXECUTE FUNCTION registry_searchpopular_keep();
CREATE TRIGGER registry_searchpopular_truncate AFTER TRUNCATE
    ON registry_searchdocument EXECUTE FUNCTION registry_searchpopular_keep();

INSERT INTO registry_searchpopular
SELECT p.* FROM registry_searchdocument d, registry_searchpopular_of(d.function_id) p
WHERE d.is_hot ORDER BY d.place;
