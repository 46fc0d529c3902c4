package main

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a folder with what this repository's release reads, built for the stage.
func repository(t *testing.T, stage string) string {
	t.Helper()
	root, template := t.TempDir(), "template.yaml"
	if stage == "preview" {
		template = "template-preview.yaml"
	}
	for to, from := range map[string]string{"template.yaml": "template.yaml", "template-preview.yaml": "template-preview.yaml", ".env.example": ".env.example", built: template} {
		text, err := os.ReadFile(filepath.Join("../../..", from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, to)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, to), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// whole are all the settings that a stage needs, with changes: an empty one is not there.
func whole(stage string, changes map[string]string) map[string]setting {
	const private = "hush"
	values := map[string]string{
		"shared/ALLOWED_ORIGINS":                     "https://app.fitkit.example",
		"shared/NEXT_PUBLIC_APP_URL":                 "https://app.fitkit.example",
		"shared/DATABASE_URL":                        "postgres://fitkit_app:" + private + "@db.fitkit.example/fitkit",
		"shared/SYSTEM_DATABASE_URL":                 "postgres://fitkit_system:" + private + "@db.fitkit.example/fitkit",
		"shared/DIRECT_DATABASE_URL":                 "postgres://fitkit_owner:" + private + "@db.fitkit.example/fitkit",
		"shared/REDIS_URL":                           "rediss://:" + private + "@redis.fitkit.example:6379",
		"shared/CLERK_ISSUER":                        "https://clerk.fitkit.example",
		"shared/CLERK_AUTHORIZED_PARTIES":            "https://app.fitkit.example",
		"org/CLERK_WEBHOOK_SECRET":                   "whsec_" + private,
		"billing/PAYMENT_CREDENTIALS_ENCRYPTION_KEY": strings.Repeat("1a", 32),
		"member/NATIONAL_ID_ENCRYPTION_KEY":          strings.Repeat("2b", 32),
		"member/NATIONAL_ID_INDEX_KEY":               strings.Repeat("3c", 32),
		"shared/R2_ACCOUNT_ID":                       "0123456789abcdef",
		"shared/R2_ACCESS_KEY_ID":                    "id",
		"shared/R2_SECRET_ACCESS_KEY":                private,
		"shared/R2_BUCKET_NAME":                      "fitkit-files",
		"shared/R2_COMPLIANCE_BUCKET_NAME":           "fitkit-signed",
		"platform/NEON_API_KEY":                      private,
		"shared/NEON_PROJECT_ID":                     "quiet-sea-123",
		"shared/ALARM_TOPIC_ARN":                     "arn:aws:sns:eu-central-1:000000000000:alarms",
		"shared/MONTHLY_BUDGET_USD":                  "300",
		"shared/BUDGET_EMAIL":                        "owner@fitkit.example",
	}
	maps.Copy(values, changes)
	out := map[string]setting{}
	for name, value := range values {
		if value != "" {
			out[name] = setting{"/fitkit/" + stage + "/" + name, "SecureString", value, 3}
		}
	}
	return out
}

const certified = "arn:aws:acm:eu-central-1:000000000000:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"

// TestAStageThatFunctionsWouldRefuseToStartInIsNotDeployed: the template's defaults are empty and its types are strings, so only
// the functions' own rules find these. All were red while a release asked the
// template alone, but the development key, which was refused, and is now refused in one sentence still. What the template alone knows
// was red too: CloudFormation refused it, once the schema was changed.
func TestAStageThatFunctionsWouldRefuseToStartInIsNotDeployed(t *testing.T) {
	for name, tc := range map[string]struct {
		stage   string
		changes map[string]string
		want    string
	}{
		"no object store":              {"staging", map[string]string{"shared/R2_ACCOUNT_ID": ""}, "R2_ACCOUNT_ID is required (or S3_ENDPOINT_URL, for a server that is not R2); put it at /fitkit/staging/<domain>/R2_ACCOUNT_ID"},
		"no bucket for signed papers":  {"production", map[string]string{"shared/R2_COMPLIANCE_BUCKET_NAME": ""}, "R2_COMPLIANCE_BUCKET_NAME is required here: only local and test may keep documents in the general bucket; put it at /fitkit/production/<domain>/R2_COMPLIANCE_BUCKET_NAME"},
		"backups that nobody proves":   {"production", map[string]string{"platform/NEON_API_KEY": ""}, "NEON_API_KEY is required here: without it the weekly proof of the backups fails; put it at /fitkit/production/platform/NEON_API_KEY"},
		"no project of the backups":    {"staging", map[string]string{"shared/NEON_PROJECT_ID": ""}, "NEON_PROJECT_ID is required here: without it the weekly proof of the backups fails; put it at /fitkit/staging/<domain>/NEON_PROJECT_ID"},
		"a key where nobody reads it":  {"staging", map[string]string{"platform/NEON_API_KEY": "", "shared/NEON_API_KEY": "hush"}, "NEON_API_KEY is required here: without it the weekly proof of the backups fails; put it at /fitkit/staging/platform/NEON_API_KEY"},
		"callers from anywhere":        {"production", map[string]string{"shared/ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS must be a list of exact origins such as https://app.example.com, with commas between, no wildcard and no path; put it at /fitkit/production/shared/ALLOWED_ORIGINS"},
		"tokens for any page":          {"staging", map[string]string{"shared/CLERK_AUTHORIZED_PARTIES": "https://app.fitkit.example/home"}, "CLERK_AUTHORIZED_PARTIES must be a list of exact origins"},
		"an issuer that is no address": {"staging", map[string]string{"org/CLERK_ISSUER": "junk", "shared/CLERK_ISSUER": ""}, "CLERK_ISSUER must be an http:// or https:// URL; put it at /fitkit/staging/org/CLERK_ISSUER"},
		"a sandbox's issuer":           {"production", map[string]string{"shared/CLERK_ISSUER": "http://localhost:3101"}, "CLERK_ISSUER must be an address with TLS outside this machine"},
		"a sandbox's card terminal":    {"staging", map[string]string{"shared/CARDCOM_API_URL": "http://127.0.0.1:3102"}, "CARDCOM_API_URL must be an address with TLS outside this machine"},
		"no database's address":        {"production", map[string]string{"shared/DATABASE_URL": "hush"}, "DATABASE_URL must be a postgres:// URL"},
		"the crons' database":          {"production", map[string]string{"shared/SYSTEM_DATABASE_URL": "mysql://hush@db"}, "SYSTEM_DATABASE_URL must be a postgres:// URL"},
		"no Redis's address":           {"staging", map[string]string{"shared/REDIS_URL": "hush:6379"}, "REDIS_URL must be a redis:// or rediss:// URL"},
		"a WebSocket's address":        {"staging", map[string]string{"shared/REALTIME_URL": "https://ws.fitkit.example"}, "REALTIME_URL must be a ws:// or wss:// URL"},
		"a short key":                  {"staging", map[string]string{"billing/PAYMENT_CREDENTIALS_ENCRYPTION_KEY": "hush"}, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY must be 64 hexadecimal characters"},
		"a key that is no former one":  {"staging", map[string]string{"member/NATIONAL_ID_ENCRYPTION_KEY_PREVIOUS": strings.Repeat("2b", 32)}, "NATIONAL_ID_ENCRYPTION_KEY_PREVIOUS must not hold the active key"},
		"an index key that encrypts":   {"production", map[string]string{"member/NATIONAL_ID_INDEX_KEY": strings.Repeat("2b", 32)}, "NATIONAL_ID_INDEX_KEY must be a key of its own"},
		"the development key":          {"production", map[string]string{"member/NATIONAL_ID_INDEX_KEY": strings.Repeat("0", 64)}, "NATIONAL_ID_INDEX_KEY of production has the value of .env.example"},
		"a webhook secret of one byte": {"production", map[string]string{"org/CLERK_WEBHOOK_SECRET": "whsec_AAAA"}, "CLERK_WEBHOOK_SECRET must not be the example's secret here"},
		"a window that never closes":   {"staging", map[string]string{"org/CLERK_WEBHOOK_SECRET_PREVIOUS": "whsec_hush"}, "CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL goes with CLERK_WEBHOOK_SECRET_PREVIOUS"},
		"a window without an end":      {"staging", map[string]string{"org/CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL": "soon"}, "CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL must be an instant such as"},
		"an unknown kind of store":     {"production", map[string]string{"shared/COMPLIANCE_STORE": "gcs"}, "COMPLIANCE_STORE must be s3 (Object Lock) or r2"},
		"a number in words":            {"staging", map[string]string{"shared/DB_POOL_MAX": "many"}, "DB_POOL_MAX must be a whole number"},
		"the migrations' database":     {"staging", map[string]string{"shared/DIRECT_DATABASE_URL": "hush"}, "DIRECT_DATABASE_URL must be a postgres:// URL; put it at /fitkit/staging/shared/DIRECT_DATABASE_URL"},
		"logs for a hundred days":      {"production", map[string]string{"shared/LOG_RETENTION_DAYS": "100"}, "LOG_RETENTION_DAYS must be one of the numbers of days that CloudWatch keeps logs for: 1, 3, 5, 7, 14, 30, "},
		"alarms for another region":    {"production", map[string]string{"shared/ALARM_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:alarms"}, "ALARM_TOPIC_ARN must be the ARN of a topic in eu-central-1, where the alarms are"},
		"alarms for a name":            {"staging", map[string]string{"shared/ALARM_TOPIC_ARN": "hush"}, "ALARM_TOPIC_ARN must be the ARN of a topic in eu-central-1"},
		"a budget in words":            {"production", map[string]string{"shared/MONTHLY_BUDGET_USD": "hush"}, "MONTHLY_BUDGET_USD must be a number of US dollars"},
		"a budget of nothing":          {"production", map[string]string{"shared/MONTHLY_BUDGET_USD": "0.0"}, "MONTHLY_BUDGET_USD must be a number of US dollars, or 0 for none"},
		"a budget that nobody hears":   {"staging", map[string]string{"shared/BUDGET_EMAIL": "hush"}, "BUDGET_EMAIL must be one mail address"},
		"no requests at all":           {"staging", map[string]string{"shared/API_RATE_PER_SECOND": "0"}, "API_RATE_PER_SECOND must be a whole number above 0"},
		"half a request at once":       {"staging", map[string]string{"shared/API_BURST": "0.5"}, "API_BURST must be a whole number above 0"},
		"a domain that is an address":  {"production", map[string]string{"shared/API_DOMAIN": "https://hush.example", "shared/API_CERTIFICATE_ARN": certified}, "API_DOMAIN must be a host's name in small letters, such as api.fitkit.example"},
		"all of a domain's names":      {"production", map[string]string{"shared/REALTIME_DOMAIN": "*.hush.example", "shared/REALTIME_CERTIFICATE_ARN": certified}, "REALTIME_DOMAIN must be a host's name in small letters"},
		"CloudFront's certificate":     {"staging", map[string]string{"shared/API_DOMAIN": "api.fitkit.example", "shared/API_CERTIFICATE_ARN": strings.Replace(certified, "eu-central-1", "us-east-1", 1)}, "API_CERTIFICATE_ARN must be the ARN of a certificate in eu-central-1, where the APIs are"},
		"a certificate's id alone":     {"staging", map[string]string{"shared/REALTIME_DOMAIN": "ws.fitkit.example", "shared/REALTIME_CERTIFICATE_ARN": "hush"}, "REALTIME_CERTIFICATE_ARN must be the ARN of a certificate in eu-central-1"},
		"a domain uncertified":         {"production", map[string]string{"shared/API_DOMAIN": "api.fitkit.example"}, "API_CERTIFICATE_ARN goes with API_DOMAIN: set both, or delete the other; put it at /fitkit/production/<domain>/API_CERTIFICATE_ARN"},
		"a certificate of no domain":   {"staging", map[string]string{"shared/REALTIME_CERTIFICATE_ARN": certified}, "REALTIME_DOMAIN goes with REALTIME_CERTIFICATE_ARN: set both, or delete the other"},
		"a switch that says yes":       {"staging", map[string]string{"shared/CRONS_ENABLED": "yes"}, "CRONS_ENABLED must be exactly true or false"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := release(t, &account{settings: whole(tc.stage, tc.changes)}, repository(t, tc.stage), tc.stage, nil, "check")
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v; want one sentence with %q, and no value", err, tc.want)
			}
		})
	}
}

// Files are served from a host that is no page's and no endpoint's (S11). Red without the look, with the first of several origins alone
// looked at, and with names compared letter by letter.
func TestFilesAreServedFromAHostOfTheirOwn(t *testing.T) {
	for name, tc := range map[string]struct {
		changes map[string]string
		blamed  string // the variable that has the host too; none: it can be deployed
	}{
		"R2":                       {nil, ""},
		"a host of its own":        {map[string]string{"shared/S3_ENDPOINT_URL": "https://s3.fitkit.example"}, ""},
		"the app's":                {map[string]string{"shared/S3_ENDPOINT_URL": "https://app.fitkit.example:9000"}, "NEXT_PUBLIC_APP_URL"},
		"the app's, in capitals":   {map[string]string{"shared/S3_ENDPOINT_URL": "https://APP.fitkit.example."}, "NEXT_PUBLIC_APP_URL"},
		"another site's":           {map[string]string{"shared/S3_ENDPOINT_URL": "https://two.fitkit.example", "shared/ALLOWED_ORIGINS": "https://app.fitkit.example, https://two.fitkit.example"}, "ALLOWED_ORIGINS"},
		"the API's":                {map[string]string{"shared/S3_ENDPOINT_URL": "https://api.fitkit.example", "shared/PUBLIC_API_URL": "https://api.fitkit.example"}, "PUBLIC_API_URL"},
		"the API's domain":         {map[string]string{"shared/S3_ENDPOINT_URL": "https://api.fitkit.example", "shared/API_DOMAIN": "api.fitkit.example", "shared/API_CERTIFICATE_ARN": certified}, "API_DOMAIN"},
		"the WebSockets'":          {map[string]string{"shared/S3_ENDPOINT_URL": "https://ws.fitkit.example", "shared/REALTIME_URL": "wss://ws.fitkit.example"}, "REALTIME_URL"},
		"the WebSockets' by name":  {map[string]string{"shared/S3_ENDPOINT_URL": "https://ws.fitkit.example", "shared/REALTIME_DOMAIN": "ws.fitkit.example", "shared/REALTIME_CERTIFICATE_ARN": certified}, "REALTIME_DOMAIN"},
		"a name that begins alike": {map[string]string{"shared/S3_ENDPOINT_URL": "https://app.fitkit.example.files.example"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := release(t, &account{settings: whole("production", tc.changes)}, repository(t, "production"), "production", nil, "check")
			want := "would serve uploaded files from the host of " + tc.blamed + ":"
			if tc.blamed == "" && err != nil || tc.blamed != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%v; want %q", err, tc.blamed)
			}
		})
	}
}

// Red when a release stopped at the first, and when a variable that two functions read was named for each of them.
func TestAllThatIsWrongIsSaidAtOnceAndOnce(t *testing.T) {
	changes := map[string]string{"shared/R2_ACCOUNT_ID": "", "shared/COMPLIANCE_STORE": "r2", "shared/REDIS_URL": "", "shared/ALLOWED_ORIGINS": "*", "shared/NEON_PROJECT_ID": "",
		"member/NATIONAL_ID_ENCRYPTION_KEY": strings.Repeat("0", 64), "shared/REALTIME_URL": "https://ws.fitkit.example/"}
	_, err := release(t, &account{settings: whole("production", changes)}, repository(t, "production"), "production", nil, "check")
	if err == nil || strings.Count(err.Error(), "\n") != len(changes)-2 { // the kind of store is sound in itself
		t.Errorf("%v", err)
	}
	for name := range changes {
		if variable := path.Base(name); variable != "COMPLIANCE_STORE" && (err == nil || !strings.Contains(err.Error(), variable)) {
			t.Errorf("does not name %s: %v", variable, err)
		}
	}
}

// Red with the variables that the template makes itself not filled in.
func TestAWholeStageOfThisRepositoryCanBeDeployed(t *testing.T) {
	for name, changes := range map[string]map[string]string{
		"with what is needed":       nil,
		"with another object store": {"shared/R2_ACCOUNT_ID": "", "shared/S3_ENDPOINT_URL": "https://s3.fitkit.example"},
		"with addresses of its own": {"shared/PUBLIC_API_URL": "https://api.fitkit.example", "shared/REALTIME_URL": "wss://ws.fitkit.example"},
		"with domains of its own": {"shared/API_DOMAIN": "api.fitkit.example", "shared/API_CERTIFICATE_ARN": certified, "shared/REALTIME_DOMAIN": "ws.fitkit.example", "shared/REALTIME_CERTIFICATE_ARN": certified,
			"shared/LOG_RETENTION_DAYS": "365", "shared/API_RATE_PER_SECOND": "2000", "shared/API_BURST": "4000", "shared/MONTHLY_BUDGET_USD": "99.50"},
		"while a secret is replaced": {"org/CLERK_WEBHOOK_SECRET_PREVIOUS": "whsec_hush", "org/CLERK_WEBHOOK_SECRET_PREVIOUS_UNTIL": "2026-03-02T12:00:00Z"},
	} {
		for _, stage := range []string{"staging", "production"} {
			out, err := release(t, &account{settings: whole(stage, changes)}, repository(t, stage), stage, nil, "check")
			if err != nil || strings.Count(out, "\n") != 1 {
				t.Errorf("%s %s: %q %v", stage, name, out, err)
			}
		}
	}
}

// A preview has its addresses from its pull request, needs no proof of backups, and is deployed with what main's rules say against it:
// its own may be others. Red with the environment not asked, with Neon required, and with the rules held against it.
func TestAPreviewIsToldAndDeployed(t *testing.T) {
	env := map[string]string{"STACK": "fitkit-pr-12", "ALLOWED_ORIGINS": "https://a.vercel.app", "FRONTEND_URL": "https://a.vercel.app",
		"DATABASE_URL": "postgres://app@branch/fitkit", "SYSTEM_DATABASE_URL": "postgres://system@branch/fitkit", "DIRECT_DATABASE_URL": "postgres://owner@branch/fitkit"}
	without := map[string]string{"platform/NEON_API_KEY": "", "shared/NEON_PROJECT_ID": ""}
	for _, variable := range []string{"ALLOWED_ORIGINS", "CLERK_AUTHORIZED_PARTIES", "NEXT_PUBLIC_APP_URL", "DATABASE_URL", "SYSTEM_DATABASE_URL", "DIRECT_DATABASE_URL"} {
		without["shared/"+variable] = ""
	}
	for said, id := range map[string]string{"": "0123456789abcdef", "Mind: preview: R2_ACCOUNT_ID is required (or S3_ENDPOINT_URL": ""} {
		without["shared/R2_ACCOUNT_ID"] = id
		out, err := release(t, &account{settings: whole("preview", without)}, repository(t, "preview"), "preview", env, "check")
		if err != nil || !strings.Contains(out, said) || said == "" && out != "preview can be deployed to fitkit-pr-12.\n" {
			t.Errorf("%q: %q %v", said, out, err)
		}
	}
}

// Red while only parameters without a default counted as missing, and while the migrations' connection, which is no parameter, did not.
func TestTheDifferenceNamesWhatFunctionsNeedBesideTheTemplate(t *testing.T) {
	changes := map[string]string{"platform/NEON_API_KEY": "", "shared/NEON_PROJECT_ID": "", "shared/R2_ACCOUNT_ID": "", "shared/R2_COMPLIANCE_BUCKET_NAME": "", "shared/REDIS_URL": "", "shared/DIRECT_DATABASE_URL": ""}
	a := &account{settings: whole("staging", changes)}
	for name, s := range a.settings { // the store's answer without the right to decrypt
		s.Value = "AQICAHhush"
		a.settings[name] = s
	}
	out, err := release(t, a, repository(t, "staging"), "staging", nil, "diff")
	want := "+ DIRECT_DATABASE_URL is missing: put it at /fitkit/staging/shared/DIRECT_DATABASE_URL\n" +
		"+ NEON_API_KEY is missing: put it at /fitkit/staging/platform/NEON_API_KEY\n" +
		"+ NEON_PROJECT_ID is missing: put it at /fitkit/staging/<domain>/NEON_PROJECT_ID\n" +
		"+ R2_ACCOUNT_ID is missing: put it at /fitkit/staging/<domain>/R2_ACCOUNT_ID\n" +
		"+ R2_COMPLIANCE_BUCKET_NAME is missing: put it at /fitkit/staging/<domain>/R2_COMPLIANCE_BUCKET_NAME\n" +
		"+ REDIS_URL is missing: put it at /fitkit/staging/shared/REDIS_URL\n"
	if out != want || err == nil {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
	if out, err := release(t, &account{settings: whole("staging", nil)}, repository(t, "staging"), "staging", nil, "diff"); err != nil {
		t.Errorf("%v %q", err, out)
	}
}
