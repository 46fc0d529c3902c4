package platform

import (
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"fitkit/infra/local/console"
	"fitkit/infra/local/gateway"
	"fitkit/infra/local/seed"
	of "fitkit/shared/platform"
	"fitkit/shared/platform/discard"
	"fitkit/shared/postgres"
)

// consoleJobs is what the console shows of jobs, and does with them.
type consoleJobs struct {
	*of.Overview
	*discard.Store
}

// mountConsole adds the pages at /_dev. Their connections to the database are made when a page first asks it.
func (p *Platform) mountConsole(g *gateway.Gateway) (err error) {
	p.jobs, err = postgres.OpenSystem(postgres.Config{
		URL: p.Variables["SYSTEM_DATABASE_URL"], MaxConns: 2, ExecMode: pgx.QueryExecModeExec, Application: "console",
	})
	if err != nil {
		return fmt.Errorf("open the console's database: %w", err)
	}
	c := console.New(console.Options{
		Template: p.Template, API: p.Addresses.API, Host: p.Host, Logs: p.Host.Logs(), Queues: p.Poller, Schedules: p.Scheduler,
		Jobs: consoleJobs{of.NewOverview(p.jobs), discard.NewStore(p.jobs)}, Parts: p.parts(),
		Clerk:    console.Service{URL: p.Addresses.Clerk, Key: p.Variables["CLERK_SECRET_KEY"]},
		Cardcom:  console.Service{URL: p.Addresses.Cardcom},
		Neon:     p.neonSandbox(),
		Seed:     filepath.Join(p.opt.Dir, seed.FileName),
		Document: filepath.Join(p.opt.Root, "docs", "openapi.yaml"),
	})
	g.Mount(console.Root, c)
	g.Mount(console.Root+"/", c)
	return nil
}

// parts are the stores, wherever they are, and the sandboxes that run.
func (p *Platform) parts() []console.Part {
	list := []console.Part{
		{Name: "PostgreSQL", Kind: "store", URL: p.Addresses.System}, {Name: "Redis", Kind: "store", URL: p.Addresses.Redis},
		{Name: "SQS", Kind: "store", URL: p.Addresses.SQS}, {Name: "S3", Kind: "store", URL: p.Addresses.S3},
	}
	for _, s := range p.sandboxes {
		list = append(list, console.Part{Name: s.title, Kind: "sandbox", URL: s.url})
	}
	return list
}

func (p *Platform) neonSandbox() console.Service {
	for _, s := range p.sandboxes {
		if s.name == "neon" {
			return console.Service{URL: s.url, Key: s.variables["NEON_API_KEY"]}
		}
	}
	return console.Service{}
}
