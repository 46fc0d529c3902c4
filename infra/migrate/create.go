package migrate

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Owner is the role that owns the schema and runs migrations. It is no superuser, as on a hosted Postgres.
const Owner = "fitkit_owner"

// Create makes the database with its owner when it is not there, as the superuser of a server of our own. What only a
// superuser may create (the vector extension) is created here; hosted servers allow it to the owner.
func Create(ctx context.Context, adminURL, database, ownerPassword string) error {
	conn, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := ensureOwner(ctx, conn, ownerPassword); err != nil {
		return err
	}
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", database).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if _, err := conn.Exec(ctx, fmt.Sprintf("create database %s owner %s", pgx.Identifier{database}.Sanitize(), Owner)); err != nil {
			return err
		}
	}
	return createExtensions(ctx, adminURL, database)
}

func ensureOwner(ctx context.Context, conn *pgx.Conn, password string) error {
	var quoted string
	if err := conn.QueryRow(ctx, "select quote_literal($1::text)", password).Scan(&quoted); err != nil {
		return err
	}
	var exists bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_roles where rolname = $1)", Owner).Scan(&exists); err != nil {
		return err
	}
	verb := "create"
	if exists {
		verb = "alter"
	}
	_, err := conn.Exec(ctx, fmt.Sprintf("%s role %s login createrole password %s", verb, Owner, quoted))
	return err
}

func createExtensions(ctx context.Context, adminURL, database string) error {
	url, err := WithUser(adminURL, "", "", database)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "create extension if not exists btree_gist; create extension if not exists pg_trgm; create extension if not exists vector")
	return err
}
