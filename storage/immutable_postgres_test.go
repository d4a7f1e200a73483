package storage

import (
	"database/sql"
	"strings"
	"testing"

	"sallyport/review"
	"sallyport/storage/pgtest"
)

// TestImmutablePostgres tries with plain SQL what no code of this program does:
// as the application, which may not, and as the owner, whom the guards refuse.
func TestImmutablePostgres(t *testing.T) {
	address := pgtest.Database(t, schema)
	s := openStore(t, address)
	furnish(t, s)
	before := tablesOf(t, s)
	_, owner := bare(t, pgtest.As(address, pgtest.OwnerRole))
	app, err := s.writer.DB()
	must(t, err)

	const event = "INSERT INTO events SELECT seq + 5000, at, type, actor, request, workspace, group_id, file, path, turn, from_status, to_status, digest, findings, policy, detail, source, leaf, purpose FROM events WHERE seq = 1"
	both := []string{
		event, // a gap
		strings.Replace(event, "seq + 5000", "seq", 1),
		strings.Replace(event, "seq + 5000", "0", 1),
		strings.Replace(event, "seq + 5000", "seq", 1) + " ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
		"UPDATE releases SET title = 'x'",
		"UPDATE releases SET delivered = 5, approved_by = 'x'",
		"INSERT INTO release_files SELECT release, 1, 'release/more.csv', sha256, size, original, group_name, approvals FROM release_files",
		"INSERT INTO checkpoints SELECT size + 100000, root, at, note FROM checkpoints LIMIT 1",
		"UPDATE tokens SET name = 'x'",
		"DELETE FROM tokens",
		"TRUNCATE tokens",
		"WITH gone AS (DELETE FROM events RETURNING seq) SELECT count(*) FROM gone",
		"MERGE INTO events USING tree ON true WHEN MATCHED THEN DELETE",
		"SELECT 1; SET session_replication_role = replica",
		"ALTER ROLE CURRENT_USER SET session_replication_role = replica",
		"SELECT set_config('session_replication_role', 'replica', false)",
		"UPDATE pg_trigger SET tgenabled = 'D'",
		"COPY events FROM '/etc/hostname'",
		"COPY events FROM PROGRAM 'cat /etc/hostname'",
		"COPY (SELECT 1) TO PROGRAM 'cat'",
		"ALTER ROLE CURRENT_USER SUPERUSER",
		"SET SESSION AUTHORIZATION postgres",
	}
	for _, table := range []string{
		"events", "tree", "checkpoints", "reports", "releases", "release_files", "policies", "seals", "seal_files",
	} {
		var column string
		must(t, owner.QueryRow("SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 1", table).Scan(&column))
		both = append(both, "TRUNCATE "+table+" CASCADE")
		if count(t, owner, "SELECT count(*) FROM "+table) > 0 {
			both = append(both, "DELETE FROM "+table, "UPDATE "+table+" SET "+column+" = "+column)
		}
	}
	for _, statement := range both {
		for name, db := range map[string]sqlRole{"the application": {app}, "the owner": {owner}} {
			if !db.refuses(t, statement) {
				t.Errorf("%s could: %s", name, statement)
			}
		}
	}
	for _, statement := range []string{
		"ALTER TABLE events DISABLE TRIGGER ALL",
		"ALTER TABLE events DISABLE TRIGGER USER",
		"DROP TRIGGER events_no_update ON events",
		"DROP TABLE tree",
		"CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
		"SET session_replication_role = replica",
		"SET ROLE " + pgtest.OwnerRole,
		"CREATE TABLE more (x bigint)",
		"CREATE RULE r AS ON INSERT TO events DO INSTEAD NOTHING",
		"CREATE TRIGGER t BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
		"ALTER TABLE events ENABLE REPLICA TRIGGER events_no_update",
		"ALTER TABLE events OWNER TO CURRENT_USER",
		"ALTER TABLE events RENAME TO older",
		"ALTER TABLE events ADD COLUMN more text",
		"ALTER TABLE events ALTER COLUMN actor SET DEFAULT 'x'",
		"ALTER TABLE events ENABLE ROW LEVEL SECURITY",
		"ALTER FUNCTION refuse() RENAME TO allow",
		"DROP FUNCTION refuse() CASCADE",
		"DROP INDEX events_type",
		"DROP SCHEMA public CASCADE",
		"ALTER SCHEMA public RENAME TO older",
		"GRANT ALL ON events TO CURRENT_USER WITH GRANT OPTION; UPDATE events SET actor = 'x'",
		"REASSIGN OWNED BY " + pgtest.OwnerRole + " TO CURRENT_USER",
		"DROP OWNED BY " + pgtest.OwnerRole + " CASCADE",
		"GRANT " + pgtest.OwnerRole + " TO CURRENT_USER",
		"CREATE ROLE more",
		"LOCK TABLE events IN ACCESS EXCLUSIVE MODE",
		"SELECT 1 FROM events FOR UPDATE",
		"REINDEX TABLE events",
		"DELETE FROM requests",
		"UPDATE schema_migrations SET name = 'x'",
		// A table of the same name, nearer, fools no guard.
		"CREATE TEMP TABLE events (seq bigint); INSERT INTO pg_temp.events VALUES (5304); " + strings.ReplaceAll(event, " events", " public.events"),
	} {
		if !(sqlRole{app}).refuses(t, statement) {
			t.Errorf("the application could: %s", statement)
		}
	}
	must(t, s.Append(t.Context(), review.Event{At: noon(), Type: review.EvSignIn}))
	after := map[string]TableSum{}
	for _, sum := range tablesOf(t, s) {
		after[sum.Table] = sum
	}
	for _, sum := range before {
		if sum.Table != "events" && sum.Table != "tree" && after[sum.Table] != sum {
			t.Errorf("%s is not as it was", sum.Table)
		}
	}
}

// sqlRole is a connection in the name of a role.
type sqlRole struct{ db *sql.DB }

// refuses tries a statement in a transaction that is rolled back anyhow.
func (r sqlRole) refuses(t *testing.T, statement string) bool {
	t.Helper()
	tx, err := r.db.Begin()
	must(t, err)
	defer tx.Rollback() // whatever was tried
	_, err = tx.Exec(statement)
	return err != nil
}
