package platform

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/migrate"
)

const (
	database   = "fitkit"
	roleApp    = "fitkit_app"
	roleSystem = "fitkit_system"
)

// migrate brings the database to this checkout's schema: our own server's, made when it is missing, or the one that
// the developer gave. It also gives the queue's lost messages back to the relay.
func (p *Platform) migrate(ctx context.Context, given Variables) error {
	owner, system := given["DIRECT_DATABASE_URL"], given["SYSTEM_DATABASE_URL"]
	logins := migrate.Logins{App: passwordOf(given["DATABASE_URL"]), System: passwordOf(system)}
	if owner == "" {
		if err := migrate.Create(ctx, p.Stores.AdminURL, database, p.Secrets.OwnerPassword); err != nil {
			return fmt.Errorf("make the database: %w", err)
		}
		owner = p.Stores.DatabaseURL(migrate.Owner, p.Secrets.OwnerPassword, database)
		system = p.Stores.DatabaseURL(roleSystem, p.Secrets.SystemPassword, database)
		logins = migrate.Logins{App: p.Secrets.AppPassword, System: p.Secrets.SystemPassword}
	}
	if err := migrate.Apply(ctx, p.opt.Migrations, owner, logins); err != nil {
		return fmt.Errorf("The migrations stopped: %w\nIf a migration was edited after it had run here, make dev-reset starts anew.", err)
	}
	p.Addresses.Database, p.Addresses.System = owner, system
	p.say("The database has the schema of this checkout.")
	return p.resend(ctx, system)
}

func passwordOf(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil || u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}

// sqlForget: the local queue keeps messages in memory only, so what was sent before this start and not finished is in
// no queue any more. Without sent_at it is work not sent yet, which cron-job-relay sends; with it the relay would wait
// for the resend time of each queue, which can be hours. A message that is there twice finds its job claimed or done.
const sqlForget = `update jobs set sent_at = null where state = 'ready' and sent_at is not null`

// resend runs as the system role: row-level security hides the jobs of organisations even from the schema's owner.
func (p *Platform) resend(ctx context.Context, systemURL string) (err error) {
	conn, err := pgx.Connect(ctx, systemURL)
	if err != nil {
		return fmt.Errorf("look for unfinished jobs: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	done, err := conn.Exec(ctx, sqlForget)
	if err != nil {
		return fmt.Errorf("look for unfinished jobs: %w", err)
	}
	if n := done.RowsAffected(); n > 0 {
		p.say("%d unfinished jobs of the last run will be sent again.", n)
	}
	return nil
}
