package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// What the application's role may do with a table.
const (
	grantAny    = "SELECT, INSERT, UPDATE, DELETE"
	grantAppend = "SELECT, INSERT" // a table of record: nothing in it changes or goes
)

// privileges are what the role that a server uses may do in PostgreSQL, by
// table. A role may do nothing that is not said here; the tests hold this list
// to the tables that there are.
func privileges() map[string]string {
	return map[string]string{
		"schema_migrations":  "SELECT",
		"projects":           grantAny,
		"project_workspaces": grantAny,
		"people":             grantAny,
		"person_projects":    grantAny,
		"requests":           "SELECT, INSERT, UPDATE",
		"request_groups":     grantAny,
		"request_files":      grantAny,
		"request_votes":      grantAny,
		"request_seats":      grantAny,
		"request_comments":   grantAny,
		"reports":            "SELECT, INSERT, DELETE", // a trigger lets only retention delete
		"role_grants":        "SELECT, INSERT, UPDATE (ended, ended_by, end_why)",
		"role_proposals":     "SELECT, INSERT, UPDATE (settled, second, outcome)",
		"releases":           "SELECT, INSERT, UPDATE (delivered, location)",
		"release_files":      grantAppend,
		"jobs":               grantAny, // a trigger lets only finished ones go
		"leads":              "SELECT, INSERT, UPDATE",
		"visits":             "SELECT, INSERT, UPDATE",
		"sessions":           grantAny,
		"events":             grantAppend,
		"tree":               grantAppend,
		"checkpoints":        grantAppend,
		"tokens":             "SELECT, INSERT, UPDATE (used, revoked)",
		"idempotency_keys":   grantAny,
		"release_deliveries": "SELECT, INSERT, UPDATE (delivered, location)",
		"sign_ins":           grantAny,
		"credentials":        grantAny,
		"invitations":        "SELECT, INSERT, UPDATE",
		"identities":         grantAppend,
		"sign_in_failures":   grantAny,
		"policies":           grantAppend,
		"seals":              grantAppend,
		"seal_files":         grantAppend,
		"notices":            "SELECT, INSERT, UPDATE (digest), DELETE",
		"notice_choices":     grantAny,
		"blob_alarms":        grantAppend,
		"blob_alarm_ends":    grantAppend,
		"scrub":              "SELECT, INSERT, UPDATE",
		"malware_scans":      "SELECT, INSERT, UPDATE",
		"recalls":            grantAppend,
		"recall_withdrawals": grantAppend,
		"recall_notes":       grantAppend,
		"holds":              grantAppend,
		"hold_ends":          grantAppend,
		"retired_requests":   grantAppend,
		"blob_removals":      grantAppend,
		"blob_removal_ends":  grantAppend,
		"package_removals":   grantAppend,
		"tallies":            grantAny,
		"request_counts":     "SELECT", // a trigger counts, in the name of the owner
		"check_runs":         grantAny,
		"check_parts":        grantAny,
		"additions":          grantAny,
		"report_removals":    grantAppend,
	}
}

// errNotOwner is of a role that cannot give others what it does not own.
var errNotOwner = errors.New("roles are granted in the name of the owner of the tables, which this role is not")

// grantAll gives the roles, and those that had been given anything before, what
// privileges says, and takes what it does not. Only the owner of the tables can:
// PostgreSQL would warn anybody else, and grant nothing.
func grantAll(ctx context.Context, db *gorm.DB, roles []string) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := (postgresEngine{}).lockSchema(tx); err != nil {
			return err
		}
		var owner bool
		if err := tx.Raw("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'schema_migrations'::regclass").Scan(&owner).Error; err != nil {
			return err
		}
		if !owner {
			if len(roles) > 0 {
				return errNotOwner
			}
			return nil
		}
		var before []string
		err := tx.Raw(`SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
			WHERE table_schema = current_schema() AND table_name = 'schema_migrations' AND grantee <> grantor`).Scan(&before).Error
		if err != nil {
			return err
		}
		tables, err := (postgresEngine{}).tables(tx)
		if err != nil {
			return err
		}
		all := append(slices.Clone(roles), before...)
		slices.Sort(all)
		for _, role := range slices.Compact(all) {
			if err := grantRole(tx, role, tables); err != nil {
				return fmt.Errorf("granting to the role %q: %w", role, err)
			}
		}
		return nil
	})
}

func grantRole(tx *gorm.DB, role string, tables []string) error {
	var schema string
	if err := tx.Raw("SELECT quote_ident(current_schema())").Scan(&schema).Error; err != nil {
		return err
	}
	name := quoted(role)
	statements := []string{"GRANT USAGE ON SCHEMA " + schema + " TO " + name}
	for _, table := range tables {
		statements = append(statements, "REVOKE ALL ON TABLE "+quoted(table)+" FROM "+name)
		if may := privileges()[table]; may != "" {
			statements = append(statements, "GRANT "+may+" ON TABLE "+quoted(table)+" TO "+name)
		}
	}
	for _, statement := range statements {
		if _, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, statement); err != nil {
			return err
		}
	}
	return nil
}

// MayAlterRecord reports whether the role in whose name the store works could alter
// the record: because it may change or empty a table of it, owns one or the
// database, or could become somebody who does. Servers need no such role. Of
// SQLite it is false: there is no role that could be another.
func (s *Store) MayAlterRecord(ctx context.Context) (may bool, err error) {
	if _, ok := s.engine.(postgresEngine); !ok {
		return false, nil
	}
	var record []string
	for table, granted := range privileges() {
		if granted == grantAppend {
			record = append(record, table)
		}
	}
	err = s.read(ctx, "reading what the role of the database may do", func(tx *gorm.DB) error {
		return tx.Raw(`SELECT rolsuper OR rolcreaterole
			OR pg_has_role((SELECT datdba FROM pg_database WHERE datname = current_database()), 'MEMBER')
			OR pg_has_role('pg_execute_server_program', 'MEMBER') OR pg_has_role('pg_write_server_files', 'MEMBER')
			OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relname IN ?
				AND (pg_has_role(c.relowner, 'MEMBER') OR has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') OR has_any_column_privilege(c.oid, 'UPDATE')))
			FROM pg_roles WHERE rolname = current_user`, record).Scan(&may).Error
	})
	return may, err
}

// quoted is a name as SQL writes it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
