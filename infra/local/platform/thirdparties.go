package platform

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// hookPath is where Clerk's webhooks go.
const hookPath = "/v1/hooks/clerk"

// sandboxNames lists the third parties that .env does not point at the real service.
func sandboxNames(given Variables) []string {
	var names []string
	if given["CLERK_ISSUER"] == "" {
		names = append(names, "clerk")
	}
	if given["CARDCOM_API_URL"] == "" {
		names = append(names, "cardcom")
	}
	if given["NEON_API_KEY"] == "" && given["DIRECT_DATABASE_URL"] == "" {
		names = append(names, "neon") // it copies the platform's own server, of which the superuser is known
	}
	return names
}

// thirdParties starts the sandboxes one after the other: each is up in a few milliseconds.
func (p *Platform) thirdParties(ctx context.Context, given Variables) error {
	for _, name := range sandboxNames(given) {
		start := map[string]func(context.Context, Variables) error{"clerk": p.startClerk, "cardcom": p.startCardcom, "neon": p.startNeon}[name]
		if err := start(ctx, given); err != nil {
			return err
		}
	}
	return p.Secrets.save(p.opt.Dir)
}

// startClerk hands the functions its public key, so that they ask no network at a cold start.
func (p *Platform) startClerk(ctx context.Context, given Variables) error {
	v := given.over(Variables{"CLERK_WEBHOOK_SECRET": p.Secrets.ClerkWebhook, "CLERK_AUTHORIZED_PARTIES": webOrigins})
	s, err := p.startSandbox(ctx, "clerk", "Clerk", "-webhook-url", p.Addresses.API+hookPath,
		"-webhook-secret", v["CLERK_WEBHOOK_SECRET"], "-authorized-parties", v["CLERK_AUTHORIZED_PARTIES"])
	if err != nil {
		return err
	}
	key, err := fetch(ctx, s.url+"/_dev/jwt-key.pem")
	if err != nil {
		return fmt.Errorf("read the Clerk sandbox's public key: %w", err)
	}
	p.Addresses.Clerk = s.url
	s.variables = Variables{"CLERK_ISSUER": s.url, "CLERK_JWT_KEY": key, "CLERK_API_URL": s.url,
		"CLERK_SECRET_KEY": "sk_test_sandbox"}
	return nil
}

func (p *Platform) startCardcom(ctx context.Context, _ Variables) error {
	s, err := p.startSandbox(ctx, "cardcom", "Cardcom", "-terminal", p.Secrets.Cardcom.flag())
	if err != nil {
		return err
	}
	p.Addresses.Cardcom = s.url
	s.variables = Variables{"CARDCOM_API_URL": s.url}
	return nil
}

// startNeon lets the proof of the backups copy the database of this platform.
func (p *Platform) startNeon(ctx context.Context, _ Variables) error {
	const key = "neon_sandbox"
	s, err := p.startSandbox(ctx, "neon", "Neon", "-admin-url", p.Stores.AdminURL, "-database", database, "-key", key,
		"-app-password", p.Secrets.AppPassword, "-system-password", p.Secrets.SystemPassword)
	if err != nil {
		return err
	}
	s.variables = Variables{"NEON_API_URL": s.url, "NEON_API_KEY": key, "NEON_PROJECT_ID": "sandbox"}
	return nil
}

func fetch(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", url, res.Status)
	}
	return string(body), err
}
