package storage

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"
)

// textPool is a pool of SQLite that refuses text which PostgreSQL cannot keep, so
// that both engines hold the same and each can be copied into the other.
type textPool struct{ *sql.DB }

var (
	_ gorm.ConnPool         = textPool{}
	_ gorm.ConnPoolBeginner = textPool{}
	_ gorm.GetDBConnector   = textPool{}
)

// GetDBConn is the pool itself.
func (p textPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// BeginTx begins a transaction that refuses the same.
func (p textPool) BeginTx(ctx context.Context, o *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := p.DB.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	return &textTx{tx}, nil
}

func (p textPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := keepable(args); err != nil {
		return nil, err
	}
	return p.DB.ExecContext(ctx, query, args...)
}

func (p textPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := keepable(args); err != nil {
		return nil, err
	}
	return p.DB.QueryContext(ctx, query, args...)
}

type textTx struct{ *sql.Tx }

func (t *textTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := keepable(args); err != nil {
		return nil, err
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

func (t *textTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := keepable(args); err != nil {
		return nil, err
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// errUnkept says that text cannot be kept.
var errUnkept = errors.New("text with a NUL character, or that is not UTF-8")

// keepable refuses text with the NUL character, and bytes that are no text.
func keepable(args []any) error {
	for _, arg := range args {
		if text, ok := arg.(string); ok && (strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text)) {
			return errUnkept
		}
	}
	return nil
}
