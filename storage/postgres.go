package storage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Connections of one process to PostgreSQL.
const (
	postgresWriters = 4
	postgresReaders = 8
)

const (
	// connectWithin is how long a server may take to be connected to, when the
	// address does not say.
	connectWithin = 10 * time.Second
	// abandonAfter is for how long what was sent may stay without a sign of life
	// from the machine at the other end: one that is gone answers with nothing.
	abandonAfter = 20 * time.Second
)

// The keys of the advisory locks, the same in every process that shares a
// database.
const (
	writeLock  = 0x5a11_0001
	schemaLock = 0x5a11_0002
)

// postgresEngine is a server of PostgreSQL, which several processes may share.
type postgresEngine struct{}

// openPostgres opens a database whose schema is up to date. It does not change
// the schema: the role that a server uses may not.
func openPostgres(ctx context.Context, address string) (*Store, error) {
	s, err := connectPostgres(address)
	if err != nil {
		return nil, err
	}
	if err = ordered(s.reader.WithContext(ctx)); err == nil {
		err = s.current(ctx)
	}
	if err == nil {
		err = s.plant(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connectPostgres opens the pools of a database, whatever its schema.
func connectPostgres(address string) (*Store, error) {
	s := &Store{engine: postgresEngine{}}
	var err error
	if s.writer, err = connectPool(address, false, postgresWriters); err != nil {
		return nil, err
	}
	if s.reader, err = connectPool(address, true, postgresReaders); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.heed(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// connectPool opens a pool. A reader's transactions see one moment and cannot
// write. A connection that is lost, or whose process hangs, lets go of its locks
// within a minute. What the address says of these settings goes before.
//
// Of several hosts in an address the one that takes writes is used, for reading
// too, and a standby alone is refused, unless target_session_attrs says otherwise.
func connectPool(address string, readOnly bool, connections int) (*gorm.DB, error) {
	conf, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the address of the database is not a postgres:// URL that can be read") // its text may hold a password
	}
	for name, value := range map[string]string{
		"application_name":                    "sallyport",
		"timezone":                            "UTC",
		"lock_timeout":                        fmt.Sprint(busyTimeout.Milliseconds()),
		"idle_in_transaction_session_timeout": "60000",
		"tcp_keepalives_idle":                 "10",
		"tcp_keepalives_interval":             "5",
		"tcp_keepalives_count":                "3",
		"synchronous_commit":                  "on", // an acknowledged decision is on the disk
	} {
		if _, given := conf.RuntimeParams[name]; !given {
			conf.RuntimeParams[name] = value
		}
	}
	if readOnly {
		conf.RuntimeParams["default_transaction_read_only"] = "on"
		conf.RuntimeParams["default_transaction_isolation"] = "repeatable read"
	}
	if conf.ConnectTimeout == 0 {
		conf.ConnectTimeout = connectWithin
	}
	conf.DialFunc = (&net.Dialer{
		Timeout: conf.ConnectTimeout, Control: abandon,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3},
	}).DialContext
	if attrs := target(address); attrs == "" || attrs == "read-write" {
		// "Takes writes" itself would be said of no connection of a reader.
		conf.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	}
	pool := stdlib.OpenDB(*conf)
	return overPool(postgres.New(postgres.Config{Conn: pool, WithoutReturning: true}), pool, connections)
}

// target is what an address says of the servers that may be connected to.
func target(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get("target_session_attrs")
}

// begin waits for the lock that every writer takes, so that events are numbered
// without gaps, in the order of their commits, and a rule that was read still
// holds when what rests on it is written. It is given back at the end of the
// transaction, whatever that end is.
func (postgresEngine) begin(tx *gorm.DB) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(?)", writeLock).Error
}

// intact looks for references that lead nowhere. They cannot be made through
// this schema; a restore gone wrong or a disabled trigger can leave them.
func (postgresEngine) intact(tx *gorm.DB) error {
	var queries []string
	err := tx.Raw(`SELECT format('SELECT count(*) FROM %s child LEFT JOIN %s parent ON %s WHERE parent.%I IS NULL AND %s',
			c.conrelid::regclass, c.confrelid::regclass,
			string_agg(format('child.%I = parent.%I', a.attname, b.attname), ' AND '), min(b.attname),
			string_agg(format('child.%I IS NOT NULL', a.attname), ' AND '))
		FROM pg_constraint c
		CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (child, parent)
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.child
		JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.parent
		WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace
		GROUP BY c.oid, c.conrelid, c.confrelid`).Scan(&queries).Error
	if err != nil {
		return err
	}
	for _, query := range queries {
		var dangling int64
		if err := tx.Raw(query).Scan(&dangling).Error; err != nil {
			return err
		}
		if dangling > 0 {
			return damagef("%d references between its tables lead nowhere", dangling)
		}
	}
	return nil
}

func (postgresEngine) earlierUses() string {
	return `SELECT f.request, v.was ->> 'digest' FROM request_files AS f CROSS JOIN LATERAL json_array_elements(f.previous::json) AS v (was)
		UNION ALL SELECT f.request, v.was ->> 'release' FROM request_files AS f CROSS JOIN LATERAL json_array_elements(f.previous::json) AS v (was)
			WHERE coalesce(v.was ->> 'release', '') <> ''`
}

func (postgresEngine) steps() string { return "migrations/postgres/*.sql" }

// lockSchema also fixes where functions that the step makes look for tables:
// not where whoever fires a trigger says.
func (postgresEngine) lockSchema(tx *gorm.DB) error {
	if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", schemaLock).Error; err != nil {
		return err
	}
	return tx.Exec("SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)").Error
}

func (postgresEngine) tables(tx *gorm.DB) (names []string, err error) {
	err = tx.Raw("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename").Scan(&names).Error
	return names, err
}

func (postgresEngine) recordTable() string {
	return `CREATE TABLE schema_migrations (
		version bigint NOT NULL PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied bigint NOT NULL)`
}

func (postgresEngine) columns(tx *gorm.DB, table string) (list []tableColumn, err error) {
	err = tx.Raw(`SELECT a.attname AS name, CASE format_type(a.atttypid, a.atttypmod) WHEN 'bigint' THEN 'integer'
			WHEN 'bytea' THEN 'bytes' ELSE format_type(a.atttypid, a.atttypmod) END AS kind,
			coalesce(array_position(i.indkey::int2[], a.attnum), -1) + 1 AS key
		FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
		WHERE a.attrelid = quote_ident(?)::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname`, table).Scan(&list).Error
	return list, err
}

func (e postgresEngine) withoutGuards(tx *gorm.DB) (restore func() error, err error) {
	names, err := e.tables(tx)
	if err != nil {
		return nil, err
	}
	all := func(do string) error {
		for _, name := range names {
			if err := tx.Exec("ALTER TABLE " + quoted(name) + " " + do + " TRIGGER USER").Error; err != nil {
				return err
			}
		}
		return nil
	}
	return func() error {
		// What is checked at the commit is checked now: a table with checks to
		// come cannot be altered.
		if err := tx.Exec("SET CONSTRAINTS ALL IMMEDIATE").Error; err != nil {
			return err
		}
		return all("ENABLE")
	}, all("DISABLE")
}

// ordered refuses a database that keeps text otherwise than this program does:
// in UTF-8, ordered by its bytes.
func ordered(db *gorm.DB) error {
	var is struct{ Encoding, Collation string }
	err := db.Raw(`SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS collation FROM pg_database
		WHERE datname = current_database()`).Scan(&is).Error
	if err != nil {
		return err
	}
	byBytes := is.Collation == "C" || is.Collation == "POSIX" || strings.HasPrefix(is.Collation, "C.")
	if is.Encoding != "UTF8" || !byBytes {
		return fmt.Errorf("the database has encoding %s and collation %s: make it with ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", is.Encoding, is.Collation)
	}
	return nil
}
