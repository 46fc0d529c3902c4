package config

import (
	"strings"

	"fitkit/shared/secret"
)

// The sections: each is what one need reads. docs and .env.example are held to them by tests.
type (
	// Core is read by every function.
	Core struct {
		Stage     string        `env:"STAGE" check:"stage"`
		SentryDSN secret.Secret `env:"SENTRY_DSN" optional:"true"`
		DBLogging bool          `env:"DB_LOGGING" default:"false"`
		Region    string        `env:"AWS_REGION" default:"eu-central-1"`
		Function  string        `env:"AWS_LAMBDA_FUNCTION_NAME" default:"local"`
	}
	// Database is the app role's way to Postgres.
	Database struct {
		URL      secret.Secret `env:"DATABASE_URL" check:"postgres"`
		PoolMax  int32         `env:"DB_POOL_MAX" default:"2"`
		ExecMode string        `env:"DB_POOL_EXEC_MODE" default:"cache_statement"`
	}
	// SystemDatabase is the crons' cross-organisation role.
	SystemDatabase struct {
		URL secret.Secret `env:"SYSTEM_DATABASE_URL" check:"postgres"`
	}
	// Redis holds what may be lost.
	Redis struct {
		URL secret.Secret `env:"REDIS_URL" check:"redis"`
	}
	// Queues says where SQS is.
	Queues struct {
		URLPrefix string        `env:"QUEUE_URL_PREFIX" check:"url"`
		Endpoint  string        `env:"SQS_ENDPOINT_URL" optional:"true" check:"url"`
		KeyID     string        `env:"AWS_ACCESS_KEY_ID" optional:"true"`
		KeySecret secret.Secret `env:"AWS_SECRET_ACCESS_KEY" optional:"true"`
		KeyToken  secret.Secret `env:"AWS_SESSION_TOKEN" optional:"true"`
	}
	// Clerk is how session tokens are verified.
	Clerk struct {
		Issuer            string        `env:"CLERK_ISSUER" check:"url"`
		AuthorizedParties []string      `env:"CLERK_AUTHORIZED_PARTIES" check:"origins"`
		JWTKey            secret.Secret `env:"CLERK_JWT_KEY" optional:"true"`
		TestAuthBypass    bool          `env:"TEST_AUTH_BYPASS" default:"false"`
	}
	// ClerkWebhook holds the secret of Clerk's webhooks and, while it is being replaced, the former one until an instant:
	// a window closes by the clock, whether or not anybody remembers it.
	ClerkWebhook struct {
		Secret        secret.Secret `env:"CLERK_WEBHOOK_SECRET" domain:"org"`
		Previous      secret.Secret `env:"CLERK_WEBHOOK_SECRET_PREVIOUS" domain:"org" optional:"true"`
		PreviousUntil string        `env:"CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL" domain:"org" optional:"true" check:"instant"`
		InstanceID    string        `env:"CLERK_INSTANCE_ID" optional:"true"`
	}
	// PaymentKeys seal gateway credentials and card tokens.
	PaymentKeys struct {
		Active   secret.Secret   `env:"PAYMENT_CREDENTIALS_ENCRYPTION_KEY" domain:"billing" check:"key"`
		Previous []secret.Secret `env:"PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS" domain:"billing" optional:"true" check:"key"`
	}
	// NationalIDKeys seal national IDs.
	NationalIDKeys struct {
		Active   secret.Secret   `env:"NATIONAL_ID_ENCRYPTION_KEY" domain:"member" check:"key"`
		Previous []secret.Secret `env:"NATIONAL_ID_ENCRYPTION_KEY_PREVIOUS" domain:"member" optional:"true" check:"key"`
	}
	// NationalIDIndex recognises national IDs and reads none. Its key is apart, so that uniqueness holds while keys rotate, and
	// so that a search has it alone.
	NationalIDIndex struct {
		Key secret.Secret `env:"NATIONAL_ID_INDEX_KEY" domain:"member" check:"key"`
	}
	// Cardcom is where the provider is and how long its answer is waited for.
	Cardcom struct {
		URL            string `env:"CARDCOM_API_URL" default:"https://secure.cardcom.solutions" check:"url"`
		TimeoutSeconds int    `env:"CARDCOM_TIMEOUT_SECONDS" default:"25"`
	}
	// Web is where browsers come from and go back to.
	Web struct {
		AppURL  string `env:"NEXT_PUBLIC_APP_URL" check:"url"`
		HookURL string `env:"PUBLIC_API_URL" check:"url"`
	}
	// Blob is the general object store: R2 of an account, or the S3 server at Endpoint.
	Blob struct {
		AccountID string        `env:"R2_ACCOUNT_ID" optional:"true"`
		Endpoint  string        `env:"S3_ENDPOINT_URL" optional:"true" check:"url"`
		KeyID     string        `env:"R2_ACCESS_KEY_ID"`
		KeySecret secret.Secret `env:"R2_SECRET_ACCESS_KEY"`
		Bucket    string        `env:"R2_BUCKET_NAME"`
	}
	// ComplianceBlob is the store of documents that nobody may delete: AWS S3 with Object Lock by the function's role, or R2.
	// In development it is the server at Endpoint, and without a bucket of its own the general one.
	ComplianceBlob struct {
		Provider  string        `env:"COMPLIANCE_STORE" default:"s3" check:"compliance_store"`
		Bucket    string        `env:"R2_COMPLIANCE_BUCKET_NAME" optional:"true"`
		General   string        `env:"R2_BUCKET_NAME" optional:"true"`
		Endpoint  string        `env:"S3_ENDPOINT_URL" optional:"true" check:"url"`
		AccountID string        `env:"R2_ACCOUNT_ID" optional:"true"`
		KeyID     string        `env:"R2_ACCESS_KEY_ID" optional:"true"`
		KeySecret secret.Secret `env:"R2_SECRET_ACCESS_KEY" optional:"true"`
		RoleID    string        `env:"AWS_ACCESS_KEY_ID" optional:"true"`
		RoleKey   secret.Secret `env:"AWS_SECRET_ACCESS_KEY" optional:"true"`
		RoleToken secret.Secret `env:"AWS_SESSION_TOKEN" optional:"true"`
	}
	// ComplianceLock reads R2's bucket lock rules, which S3's protocol does not know.
	ComplianceLock struct {
		APIToken secret.Secret `env:"CLOUDFLARE_API_TOKEN" domain:"compliance" optional:"true"`
		APIURL   string        `env:"CLOUDFLARE_API_URL" default:"https://api.cloudflare.com/client/v4" check:"url"`
	}
	// Neon reads what the databases use. Without a key, or without a project, the admin pages show no panel of it.
	Neon struct {
		APIKey  secret.Secret `env:"NEON_API_KEY" domain:"platform" optional:"true"`
		Project string        `env:"NEON_PROJECT_ID" optional:"true"`
		APIURL  string        `env:"NEON_API_URL" default:"https://console.neon.tech/api/v2" check:"url"`
	}
	// Railway reads how the former system does, while both run. Without a token the admin pages show no panel of it.
	Railway struct {
		APIToken secret.Secret `env:"RAILWAY_API_TOKEN" domain:"platform" optional:"true"`
		Project  string        `env:"RAILWAY_PROJECT_ID" optional:"true"`
		APIURL   string        `env:"RAILWAY_API_URL" default:"https://backboard.railway.com/graphql/v2" check:"url"`
	}
	// CloudWatch is where the functions' figures are read, by the function's role.
	CloudWatch struct {
		Endpoint  string        `env:"CLOUDWATCH_ENDPOINT_URL" optional:"true" check:"url"`
		KeyID     string        `env:"AWS_ACCESS_KEY_ID" optional:"true"`
		KeySecret secret.Secret `env:"AWS_SECRET_ACCESS_KEY" optional:"true"`
		KeyToken  secret.Secret `env:"AWS_SESSION_TOKEN" optional:"true"`
	}
	// Origins are the sites whose pages may open a WebSocket; the HTTP API holds its own callers to the same list.
	Origins struct {
		Allowed []string `env:"ALLOWED_ORIGINS" check:"origins"`
	}
	// Realtime is where clients open WebSockets.
	Realtime struct {
		URL string `env:"REALTIME_URL" check:"websocket"`
	}
	// Connections is where open WebSockets are written to and cut: under the same address, by the function's role.
	Connections struct {
		URL       string        `env:"REALTIME_URL" check:"websocket"`
		KeyID     string        `env:"AWS_ACCESS_KEY_ID" optional:"true"`
		KeySecret secret.Secret `env:"AWS_SECRET_ACCESS_KEY" optional:"true"`
		KeyToken  secret.Secret `env:"AWS_SESSION_TOKEN" optional:"true"`
	}
	// Parameters is where settings that are references are read, by the function's role. A function without any asks nobody.
	Parameters struct {
		Endpoint  string        `env:"AWS_ENDPOINT_URL_SSM" optional:"true" check:"url"`
		Region    string        `env:"AWS_REGION" default:"eu-central-1"`
		KeyID     string        `env:"AWS_ACCESS_KEY_ID" optional:"true"`
		KeySecret secret.Secret `env:"AWS_SECRET_ACCESS_KEY" optional:"true"`
		KeyToken  secret.Secret `env:"AWS_SESSION_TOKEN" optional:"true"`
	}
	// Analytics is where product events are counted. Without a key nothing is.
	Analytics struct {
		Key  secret.Secret `env:"POSTHOG_API_KEY" optional:"true"`
		Host string        `env:"POSTHOG_HOST" default:"https://eu.i.posthog.com" check:"url"`
	}
	// Crons is the run-time switch beside the template's.
	Crons struct {
		Enabled bool `env:"CRONS_ENABLED" default:"true"`
	}
)

// noKeys is a list of former keys that holds none: the parameter store keeps no empty value (docs/decisions/036).
const noKeys = "none"

const developmentKey = "0000000000000000000000000000000000000000000000000000000000000000"

// Guard refuses what a stage must not have: the development key, or a sandbox's address, outside development.
func Guard(stage string, sections ...any) error {
	var problems Problems
	for _, s := range sections {
		problems = append(problems, outside(stage, s)...)
		switch s := s.(type) {
		case *PaymentKeys:
			problems = append(problems, devKey(stage, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY", s.Active)...)
			problems = append(problems, previousKeys("PAYMENT_CREDENTIALS_ENCRYPTION_KEY", s.Active, s.Previous)...)
		case *NationalIDKeys:
			problems = append(problems, devKey(stage, "NATIONAL_ID_ENCRYPTION_KEY", s.Active)...)
			problems = append(problems, previousKeys("NATIONAL_ID_ENCRYPTION_KEY", s.Active, s.Previous)...)
		case *NationalIDIndex:
			problems = append(problems, devKey(stage, "NATIONAL_ID_INDEX_KEY", s.Key)...)
			if stage == "staging" || stage == "production" {
				problems = append(problems, indexKey(s, sections)...)
			}
		case *ClerkWebhook:
			problems = append(problems, knownSecret(stage, "CLERK_WEBHOOK_SECRET", s.Secret)...)
			problems = append(problems, knownSecret(stage, "CLERK_WEBHOOK_SECRET_PREVIOUS", s.Previous)...)
			// The reverse is the moment between setting the one and the other, and takes nothing that it should not.
			if s.Previous != "" && s.PreviousUntil == "" {
				problems = append(problems, Problem{"CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL", "goes with CLERK_WEBHOOK_SECRET_PREVIOUS: set it first while the secret is replaced, and take it away last"})
			}
		case *Blob:
			if s.AccountID == "" && s.Endpoint == "" {
				problems = append(problems, Problem{"R2_ACCOUNT_ID", "is required (or S3_ENDPOINT_URL, for a server that is not R2)"})
			}
		case *ComplianceBlob:
			problems = append(problems, s.problems(stage)...)
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// problems of a compliance store: it has a bucket of its own wherever documents count, and keys where no role gives any.
func (s *ComplianceBlob) problems(stage string) (out []Problem) {
	if s.Bucket == "" && stage != "local" && stage != "test" {
		out = append(out, Problem{"R2_COMPLIANCE_BUCKET_NAME", "is required here: only local and test may keep documents in the general bucket"})
	}
	if s.Bucket == "" && s.General == "" {
		out = append(out, Problem{"R2_BUCKET_NAME", "is required without R2_COMPLIANCE_BUCKET_NAME"})
	}
	if s.Provider == "r2" && s.AccountID == "" && s.Endpoint == "" {
		out = append(out, Problem{"R2_ACCOUNT_ID", "is required when COMPLIANCE_STORE is r2"})
	}
	if (s.Provider == "r2" || s.Endpoint != "") && (s.KeyID == "" || s.KeySecret.Reveal() == "") {
		out = append(out, Problem{"R2_ACCESS_KEY_ID", "and R2_SECRET_ACCESS_KEY are required for a store that is not AWS's"})
	}
	return out
}

func devKey(stage, name string, key secret.Secret) []Problem {
	if (stage == "production" || stage == "staging") && strings.EqualFold(key.Reveal(), developmentKey) {
		return []Problem{{name, "must not be the development key here (make keys prints a fresh one)"}}
	}
	return nil
}

// previousKeys refuses a list of former keys that holds the active one: the two variables were not changed together, and
// the key that was meant to be new, or the one that values still need, is in neither.
func previousKeys(name string, active secret.Secret, previous []secret.Secret) []Problem {
	for _, p := range previous {
		if strings.EqualFold(p.Reveal(), active.Reveal()) {
			return []Problem{{name + "_PREVIOUS", "must not hold the active key: put the new key into " + name + " and the former one here"}}
		}
	}
	return nil
}

// indexKey refuses an index key that also encrypts: it would have to rotate, and digests with it. Whoever has both keys sees it.
func indexKey(index *NationalIDIndex, sections []any) []Problem {
	for _, s := range sections {
		keys, ok := s.(*NationalIDKeys)
		if !ok {
			continue
		}
		for _, key := range append([]secret.Secret{keys.Active}, keys.Previous...) {
			if strings.EqualFold(key.Reveal(), index.Key.Reveal()) {
				return []Problem{{"NATIONAL_ID_INDEX_KEY", "must be a key of its own, not one that encrypts (make keys prints a fresh one)"}}
			}
		}
	}
	return nil
}
