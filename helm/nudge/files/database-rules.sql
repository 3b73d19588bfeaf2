-- What the database itself guarantees about Dapr's table "state". Safe to run again.

-- The key ranges that KEDA asks for are in C order, whatever the database's collation is.
CREATE INDEX IF NOT EXISTS nudge_timetable ON state ((key COLLATE "C")) WHERE key LIKE '%||timetable/%';

-- An audit record is written once: not even the audit service can change or remove it. The bodies lie beside the records
-- (audit-body/…) and may be erased; the chain of hashes stays verifiable. Only key and value count: Dapr's own migrations
-- fill columns of their own in every row.
CREATE OR REPLACE FUNCTION nudge_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit records are written once: %', OLD.key USING ERRCODE = 'restrict_violation';
END
$$;

CREATE OR REPLACE TRIGGER nudge_audit_is_not_changed
  BEFORE UPDATE ON state
  FOR EACH ROW WHEN (OLD.key LIKE 'audit-service||audit/%' AND (OLD.key, OLD.value) IS DISTINCT FROM (NEW.key, NEW.value))
  EXECUTE FUNCTION nudge_refuse_audit_change();

CREATE OR REPLACE TRIGGER nudge_audit_is_not_removed
  BEFORE DELETE ON state
  FOR EACH ROW WHEN (OLD.key LIKE 'audit-service||audit/%')
  EXECUTE FUNCTION nudge_refuse_audit_change();
