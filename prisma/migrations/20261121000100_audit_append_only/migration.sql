-- The audit log takes new entries and nothing else, whoever asks.
CREATE FUNCTION "audit_entry_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_entry is append-only: % refused', TG_OP;
END;
$$;

CREATE TRIGGER "audit_entry_append_only"
  BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "audit_entry_refuse_change"();

-- Entries follow one another without a gap, from 0.
CREATE FUNCTION "audit_entry_require_next"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."seq" <> (SELECT COALESCE(MAX("seq") + 1, 0) FROM "audit_entry") THEN
    RAISE EXCEPTION 'audit_entry % is not the next one', NEW."seq";
  END IF;
  RETURN NEW;
END;
$$;

CREATE TRIGGER "audit_entry_gapless"
  BEFORE INSERT ON "audit_entry"
  FOR EACH ROW EXECUTE FUNCTION "audit_entry_require_next"();
