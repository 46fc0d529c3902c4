package postgres

import (
	"github.com/jackc/pgx/v5"

	"fitkit/shared/config"
	"fitkit/shared/obs"
	"fitkit/shared/run"
)

// From is the function's database as the app role. It dials in the background once the function is made.
func From(app *run.App) *DB {
	return run.Once(app, "postgres", func() *DB {
		section := run.Section[config.Database](app)
		db, err := Open(poolConfig(app, section.URL.Reveal(), section))
		if err != nil {
			run.Fatal(err)
		}
		app.Beside(db.Warm)
		return db
	})
}

// SystemConns is how many connections a process of the system role opens at most. DB_POOL_MAX is the app role's.
const SystemConns = 2

// SystemFrom is the database as the system role.
func SystemFrom(app *run.App) *SystemDB {
	return run.Once(app, "system_postgres", func() *SystemDB {
		section := run.Section[config.SystemDatabase](app)
		db, err := OpenSystem(poolConfig(app, section.URL.Reveal(), &config.Database{PoolMax: SystemConns, ExecMode: "exec"}))
		if err != nil {
			run.Fatal(err)
		}
		app.Beside(db.Warm)
		return db
	})
}

func poolConfig(app *run.App, url string, d *config.Database) Config {
	c := Config{URL: url, MaxConns: d.PoolMax, ExecMode: execMode(d.ExecMode), Application: app.Spec.Name}
	if app.Core.DBLogging {
		c.LogQueries = obs.Log
	}
	return c
}

// execMode reads DB_POOL_EXEC_MODE. docs/decisions/008-read-round-trips.md says what each costs.
func execMode(name string) pgx.QueryExecMode {
	switch name {
	case "exec":
		return pgx.QueryExecModeExec
	case "cache_describe":
		return pgx.QueryExecModeCacheDescribe
	}
	return pgx.QueryExecModeCacheStatement
}

// OnCommit sets what happens to a transaction's jobs after its commit; outbox.Postgres does.
func (db *DB) OnCommit(send Sender) { db.onCommit = send }

// OnCommit sets what happens to a transaction's jobs after its commit; outbox.Postgres does.
func (db *SystemDB) OnCommit(send Sender) { db.onCommit = send }
