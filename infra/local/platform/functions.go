package platform

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"fitkit/infra/local/gateway"
	"fitkit/infra/local/host"
	"fitkit/infra/local/poller"
	"fitkit/infra/local/scheduler"
	"fitkit/infra/local/sockets"
	"fitkit/infra/local/stores"
	"fitkit/infra/local/template"
)

const (
	// binFolder holds binaries for this machine. bin/ is left to deployments, whose binaries are for another one.
	binFolder = ".local/bin"
	stackName = "fitkit-local"
	testHooks = "fitkit_testhooks" // the build tag
)

// functions reads the templates and starts the functions' host and all that calls them.
func (p *Platform) functions(ctx context.Context) (err error) {
	if p.Template, err = p.loadTemplate(); err != nil {
		return err
	}
	p.Host, err = host.New(host.Options{
		Functions: p.Template.Functions, Region: stores.Region, Log: p.opt.Log, MaxTimeout: p.opt.MaxTimeout,
		Builder: p.builder(),
	})
	if err != nil {
		return err
	}
	p.Poller, err = poller.New(ctx, poller.Options{
		Platform: p.Template, Invoker: p.Host, Region: stores.Region, CrashVisibility: p.opt.CrashVisibility,
		Client: poller.NewClient(p.Variables["SQS_ENDPOINT_URL"], stores.Region),
	})
	if err != nil {
		return err
	}
	p.Scheduler, err = scheduler.New(scheduler.Options{Schedules: p.Template.Schedules, Invoker: p.Host})
	if err != nil {
		return err
	}
	p.Sockets = sockets.New(sockets.Options{Routes: p.Template.Sockets, Invoker: p.Host})
	g, err := gateway.New(gateway.Options{Sockets: p.Sockets, Platform: p.Template, Invoker: p.Host, Region: stores.Region, Local: gateway.Local{
		RunCron: p.Scheduler.RunNow,
		Queues:  func(ctx context.Context) (any, error) { return p.Poller.Depths(ctx) },
		Logs:    p.Host.Logs().Last, Figures: p.Host.Figures, Processes: p.Host.Processes, Busy: p.Host.Busy, Kill: p.Host.Kill,
	}})
	if err != nil {
		return err
	}
	if err := p.mountConsole(g); err != nil {
		return err
	}
	p.Poller.Start()
	p.Scheduler.Start()
	p.serve(g)
	return nil
}

// builder is nil when the binaries are there already.
func (p *Platform) builder() host.Builder {
	if p.opt.Binaries != "" {
		return nil
	}
	return &host.GoBuilder{Root: p.opt.Root, Tags: p.tags()}
}

// tags are those asked for, and the one of the test hooks when the variables ask for any of them.
func (p *Platform) tags() []string {
	if p.hooked("TEST_AUTH_BYPASS") || p.hooked("TEST_HOOKS_ENABLED") {
		return slices.Compact(append(slices.Clone(p.opt.Tags), testHooks))
	}
	return p.opt.Tags
}

func (p *Platform) hooked(variable string) bool { return p.Variables[variable] == "true" }

// rootTemplate is a deployment's, or a preview's, which has the functions of the test hooks.
func (p *Platform) rootTemplate() string {
	if p.hooked("TEST_HOOKS_ENABLED") {
		return "template-preview.yaml"
	}
	return "template.yaml"
}

// loadTemplate reads what a deployment would make, with the variables of this machine as its parameters.
func (p *Platform) loadTemplate() (*template.Platform, error) {
	queues := p.Variables["SQS_ENDPOINT_URL"] + "/" + stores.Account + "/"
	port := p.Addresses.API[strings.LastIndex(p.Addresses.API, ":"):]
	t, err := template.Load(filepath.Join(p.opt.Root, p.rootTemplate()), template.Options{
		Lookup: p.Variables.lookup, Region: stores.Region, AccountID: stores.Account, StackName: stackName, QueueURLPrefix: queues,
		FunctionURL: func(function string) string { return "http://" + function + ".localhost" + port + "/" },
	})
	if err != nil {
		return nil, fmt.Errorf("The templates do not fit this machine's variables:\n%w", err)
	}
	for i := range t.Functions {
		f := &t.Functions[i]
		f.CodeDir = filepath.Join(cmp.Or(p.opt.Binaries, filepath.Join(p.opt.Root, binFolder, cmp.Or(strings.Join(p.tags(), "-"), "plain"))), f.Name)
		for _, name := range []string{"", f.Name} {
			f.Env = Variables(p.opt.FunctionEnv[name]).over(f.Env)
		}
	}
	if p.opt.CrashVisibility > 0 {
		for i := range t.Queues {
			t.Queues[i].Visibility = p.opt.CrashVisibility
		}
	}
	return t, nil
}
