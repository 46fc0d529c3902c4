package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"fitkit/infra/local/apidoc"
	"fitkit/infra/local/platform"
)

// endpoints prints what runs: the routes and function URLs of the platform, with the roles that the API document gives.
func endpoints(ctx context.Context, c checkout, _ []string) error {
	a, err := platform.Running(c.dir)
	if err != nil {
		return err
	}
	rows, err := listEndpoints(ctx, a.API)
	if err != nil {
		return err
	}
	document, err := apidoc.Load(filepath.Join(c.root, "docs", "openapi.yaml"))
	if err != nil {
		return err
	}
	roles := map[string]string{}
	for _, o := range document.Operations {
		roles[o.ID] = strings.Join(o.Roles, ", ")
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "METHOD\tADDRESS\tFUNCTION\tROLES")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.method, r.address, r.function, cmp.Or(roles[r.function], "no sign-in"))
	}
	return w.Flush()
}

type endpoint struct{ method, address, function string }

func listEndpoints(ctx context.Context, api string) ([]endpoint, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/_local/functions", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, platform.ErrNotRunning
	}
	defer res.Body.Close()
	var functions []struct {
		Name, URL string
		Routes    []string
	}
	if err := json.NewDecoder(res.Body).Decode(&functions); err != nil {
		return nil, fmt.Errorf("The platform's list of functions cannot be read: %w", err)
	}
	var rows []endpoint
	for _, f := range functions {
		for _, route := range f.Routes {
			method, path, _ := strings.Cut(route, " ")
			rows = append(rows, endpoint{method, api + path, f.Name})
		}
		if f.URL != "" {
			rows = append(rows, endpoint{"URL", f.URL, f.Name})
		}
	}
	slices.SortFunc(rows, func(a, b endpoint) int {
		return cmp.Or(strings.Compare(a.address, b.address), strings.Compare(a.method, b.method))
	})
	return rows, nil
}
