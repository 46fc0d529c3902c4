package config_test

import (
	"strings"
	"testing"

	"fitkit/shared/config"
)

func TestDocumentsNeedABucketOfTheirOwnWhereTheyCount(t *testing.T) {
	for name, tc := range map[string]struct {
		stage string
		given config.ComplianceBlob
		want  string // the variable complained of; empty means accepted
	}{
		"local falls back to the general bucket":   {"local", config.ComplianceBlob{Provider: "s3", General: "fitkit"}, ""},
		"test does too":                            {"test", config.ComplianceBlob{Provider: "s3", General: "fitkit"}, ""},
		"local without any bucket starts nothing":  {"local", config.ComplianceBlob{Provider: "s3"}, "R2_BUCKET_NAME"},
		"production never falls back":              {"production", config.ComplianceBlob{Provider: "s3", General: "fitkit"}, "R2_COMPLIANCE_BUCKET_NAME"},
		"staging never falls back":                 {"staging", config.ComplianceBlob{Provider: "s3", General: "fitkit"}, "R2_COMPLIANCE_BUCKET_NAME"},
		"a preview never falls back":               {"preview", config.ComplianceBlob{Provider: "s3", General: "fitkit"}, "R2_COMPLIANCE_BUCKET_NAME"},
		"at AWS the function's role is key enough": {"production", config.ComplianceBlob{Provider: "s3", Bucket: "docs"}, ""},
		"R2 needs its account":                     {"production", config.ComplianceBlob{Provider: "r2", Bucket: "docs", KeyID: "k", KeySecret: "s"}, "R2_ACCOUNT_ID"},
		"R2 needs its keys":                        {"production", config.ComplianceBlob{Provider: "r2", Bucket: "docs", AccountID: "a"}, "R2_ACCESS_KEY_ID"},
		"a server of one's own needs its keys":     {"local", config.ComplianceBlob{Provider: "s3", Bucket: "docs", Endpoint: "http://127.0.0.1:1"}, "R2_ACCESS_KEY_ID"},
	} {
		t.Run(name, func(t *testing.T) {
			err := config.Guard(tc.stage, &tc.given)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("said %v, want a complaint about %q", err, tc.want)
			}
		})
	}
}

func TestAnObjectStoreIsSomewhere(t *testing.T) {
	if config.Guard("local", &config.Blob{Bucket: "fitkit"}) == nil {
		t.Error("neither an account nor an address, and nothing said")
	}
	for _, given := range []config.Blob{{AccountID: "a"}, {Endpoint: "http://127.0.0.1:1"}} {
		if err := config.Guard("local", &given); err != nil {
			t.Error(err)
		}
	}
}

// TestAPoolIsAsLargeAsItsVariableSays: it was seen red with all whole numbers read as 64 bits, of which the pool has the lower
// half: 4294967298 were two connections.
func TestAPoolIsAsLargeAsItsVariableSays(t *testing.T) {
	for text, tc := range map[string]struct {
		size int32
		rule string
	}{
		"5":          {5, ""},
		"2147483647": {2147483647, ""},
		"4294967298": {0, "DB_POOL_MAX: must be a whole number of at most 9 digits"},
		"many":       {0, "DB_POOL_MAX: must be a whole number"},
	} {
		t.Run(text, func(t *testing.T) {
			var d config.Database
			err := config.Read(func(name string) string {
				return map[string]string{"DATABASE_URL": "postgres://x", "DB_POOL_MAX": text}[name]
			}, &d)
			if (err == nil) != (tc.rule == "") || err != nil && !strings.Contains(err.Error(), tc.rule) || err == nil && d.PoolMax != tc.size {
				t.Errorf("%d connections, %v; want %d, %q", d.PoolMax, err, tc.size, tc.rule)
			}
		})
	}
}
