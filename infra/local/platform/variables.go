package platform

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"fitkit/infra/local/buckets"
	"fitkit/infra/local/gateway"
	"fitkit/infra/local/sockets"
	"fitkit/infra/local/stores"
	"fitkit/infra/tools/dotenv"
)

// Variables are settings by the name that .env.example gives them.
type Variables map[string]string

// developmentKey is the key that infrastructure and functions know as worthless: no stage but local ones takes it.
var developmentKey = strings.Repeat("0", 64)

// readGiven is what the developer set: .env, and over it Options.Variables. The process's own environment is left
// out on purpose: a DATABASE_URL exported for some other work must not have that database migrated.
func readGiven(o Options) (Variables, error) {
	vars, err := dotenv.Read(o.DotEnv)
	if err != nil {
		return nil, err
	}
	given := Variables(vars)
	maps.Copy(given, o.Variables)
	return given, given.check()
}

// check refuses a database of the developer's own that is given by halves.
func (v Variables) check() error {
	names := []string{"DATABASE_URL", "SYSTEM_DATABASE_URL", "DIRECT_DATABASE_URL"}
	has := func(name string) bool { return v[name] != "" }
	if slices.ContainsFunc(names, has) && slices.ContainsFunc(names, func(name string) bool { return !has(name) }) {
		return errors.New(".env names a database of your own: set DATABASE_URL (role fitkit_app), SYSTEM_DATABASE_URL (fitkit_system) and DIRECT_DATABASE_URL (the owner), or none of them.")
	}
	return nil
}

// objectStore is the address of the S3 server that .env names, R2's own for an account, or "".
func (v Variables) objectStore() string {
	if v["S3_ENDPOINT_URL"] == "" && v["R2_ACCOUNT_ID"] != "" {
		return "https://" + v["R2_ACCOUNT_ID"] + ".r2.cloudflarestorage.com"
	}
	return v["S3_ENDPOINT_URL"]
}

// over lays v over base.
func (v Variables) over(base Variables) Variables {
	out := Variables{}
	maps.Copy(out, base)
	maps.Copy(out, v)
	return out
}

func (v Variables) lookup(name string) (string, bool) {
	value, ok := v[name]
	return value, ok
}

// webOrigins are where the frontends run on a developer's machine: web, minisites, admin.
const webOrigins = "http://localhost:3000,http://localhost:4321,http://localhost:5173"

// computed is what follows from the parts that run. CLERK_JWT_KEY comes with the sandbox, see startClerk.
func (p *Platform) computed() Variables {
	v := Variables{
		"STAGE": "local", "PUBLIC_API_URL": p.Addresses.API, "NEXT_PUBLIC_API_URL": p.Addresses.API,
		"ALLOWED_ORIGINS": webOrigins, "CLERK_AUTHORIZED_PARTIES": webOrigins,
		"NEXT_PUBLIC_APP_URL": "http://localhost:3000", "FRONTEND_URL": "http://localhost:3000",

		"DATABASE_URL":        p.Stores.DatabaseURL(roleApp, p.Secrets.AppPassword, database),
		"SYSTEM_DATABASE_URL": p.Stores.DatabaseURL(roleSystem, p.Secrets.SystemPassword, database),
		"REALTIME_URL":        "ws" + strings.TrimPrefix(p.Addresses.API, "http") + sockets.Path,
		"REDIS_URL":           p.Stores.RedisURL,
		"SQS_ENDPOINT_URL":    p.Stores.SQSEndpoint,

		"CLOUDWATCH_ENDPOINT_URL": p.Addresses.API + gateway.CloudWatchPath,

		"S3_ENDPOINT_URL": p.Stores.S3Endpoint, "R2_ACCESS_KEY_ID": stores.S3KeyID, "R2_SECRET_ACCESS_KEY": stores.S3KeySecret,
		"R2_BUCKET_NAME": buckets.General, "R2_COMPLIANCE_BUCKET_NAME": buckets.Compliance,

		"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": developmentKey,
		"NATIONAL_ID_ENCRYPTION_KEY":         developmentKey,
		"NATIONAL_ID_INDEX_KEY":              developmentKey,

		"CLERK_WEBHOOK_SECRET": p.Secrets.ClerkWebhook,
		// The sandbox's timeouts are meant to be seen, not waited for.
		"CARDCOM_TIMEOUT_SECONDS": "3",
		"CRONS_ENABLED":           "true", // with the test hooks too, whose template is a preview's and runs none by itself
	}
	for _, s := range p.sandboxes {
		maps.Copy(v, s.variables)
	}
	return v
}
