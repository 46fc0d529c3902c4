package documents_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/blob/documents"
	"fitkit/shared/config"
)

// deleteAt signs the deletion of a version as a client does whose clock shows at.
func deleteAt(t *testing.T, where blob.Config, r documents.Receipt, at time.Time) error {
	t.Helper()
	const emptyBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, where.Endpoint+"/"+where.Bucket+"/"+r.Key+"?versionId="+r.VersionID, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Content-Sha256", emptyBody)
	if err := v4.NewSigner().SignHTTP(context.Background(), where.Keys, req, emptyBody, "s3", where.Region, at); err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode < 400 {
		return nil
	}
	return errors.New(res.Status)
}

func TestTheDailyCheckProvesTheLock(t *testing.T) {
	t.Parallel()
	store, _ := lockedStore(t)
	if err := store.CheckLock(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTheDailyCheckSeesEveryWayALockIsMissing(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(t *testing.T) blob.Config{
		"a bucket without Object Lock": func(t *testing.T) blob.Config { return blobtest.General(t) },
		"no default retention":         func(t *testing.T) blob.Config { return relocked(t, nil) },
		"a default of one day": func(t *testing.T) blob.Config {
			return relocked(t, &types.DefaultRetention{Mode: types.ObjectLockRetentionModeCompliance, Days: aws.Int32(1)})
		},
		"a default of GOVERNANCE, which can be bypassed": func(t *testing.T) blob.Config {
			return relocked(t, &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Years: aws.Int32(7)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := arrange(t)
			err := documents.New(settings(c), &config.ComplianceLock{}, c.Region).CheckLock(t.Context())
			if !errors.Is(err, documents.ErrNotLocked) {
				t.Errorf("said %v", err)
			}
		})
	}
}

// relocked is a locked bucket whose default somebody has changed.
func relocked(t *testing.T, d *types.DefaultRetention) blob.Config {
	t.Helper()
	c := blobtest.Locked(t)
	redefault(t, c.Bucket, d)
	return c
}

// redefault changes how long a bucket keeps what comes without a lock of its own; nil: it does not keep it.
func redefault(t *testing.T, bucket string, d *types.DefaultRetention) {
	t.Helper()
	lock := &types.ObjectLockConfiguration{ObjectLockEnabled: types.ObjectLockEnabledEnabled}
	if d != nil {
		lock.Rule = &types.ObjectLockRule{DefaultRetention: d}
	}
	if _, err := blobtest.Client(t).PutObjectLockConfiguration(t.Context(), &s3.PutObjectLockConfigurationInput{Bucket: &bucket, ObjectLockConfiguration: lock}); err != nil {
		t.Fatal(err)
	}
}

// r2 plays Cloudflare: its API of lock rules, and a bucket that obeys the rules or does not.
func r2(t *testing.T, rules string, status, deletes int) (*config.ComplianceBlob, *config.ComplianceLock) {
	t.Helper()
	stored := map[string][]byte{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"e"`)
		switch {
		case r.URL.Path == "/accounts/acc/r2/buckets/docs/lock" && r.Header.Get("Authorization") == "Bearer token":
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"success":true,"result":{"rules":[`+rules+`]}}`)
		case r.Method == http.MethodPut:
			stored[r.URL.Path], _ = io.ReadAll(r.Body)
		case r.Method == http.MethodGet:
			_, _ = w.Write(stored[r.URL.Path])
		case r.Method == http.MethodDelete:
			w.WriteHeader(deletes)
			if deletes >= 400 {
				_, _ = io.WriteString(w, "<Error><Code>ObjectLockedByBucketPolicy</Code></Error>")
			}
		}
	}))
	t.Cleanup(server.Close)
	return &config.ComplianceBlob{Provider: "r2", Bucket: "docs", AccountID: "acc", Endpoint: server.URL, KeyID: "k", KeySecret: "s"},
		&config.ComplianceLock{APIURL: server.URL, APIToken: "token"}
}

// R2's rules can be removed by an administrator, so the check must see each way in which they no longer hold.
func TestTheDailyCheckReadsR2sRules(t *testing.T) {
	t.Parallel()
	const whole = `{"id":"a","enabled":true,"prefix":"","condition":{"type":"Age","maxAgeSeconds":220924800}}`
	for name, tc := range map[string]struct {
		rules           string
		status, deletes int
		broken, unknown bool
	}{
		"seven years for the whole bucket": {rules: whole, status: 200, deletes: 403},
		"for ever":                         {rules: `{"enabled":true,"condition":{"type":"Indefinite"}}`, status: 200, deletes: 403},
		"no rule":                          {rules: ``, status: 200, deletes: 403, broken: true},
		"a rule that is switched off":      {rules: `{"enabled":false,"condition":{"type":"Indefinite"}}`, status: 200, deletes: 403, broken: true},
		"a rule of seven days":             {rules: `{"enabled":true,"condition":{"type":"Age","maxAgeSeconds":604800}}`, status: 200, deletes: 403, broken: true},
		"a rule for another folder":        {rules: `{"enabled":true,"prefix":"exports/","condition":{"type":"Indefinite"}}`, status: 200, deletes: 403, broken: true},
		"a rule for the documents alone":   {rules: `{"enabled":true,"prefix":"docs/","condition":{"type":"Indefinite"}}`, status: 200, deletes: 403, broken: true},
		"rules that stop nobody":           {rules: whole, status: 200, deletes: 204, broken: true},
		"a token that may not read them":   {rules: whole, status: 403, deletes: 403, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			c, l := r2(t, tc.rules, tc.status, tc.deletes)
			err := documents.New(c, l, "eu-central-1").CheckLock(t.Context())
			if errors.Is(err, documents.ErrNotLocked) != tc.broken || (err != nil) != (tc.broken || tc.unknown) {
				t.Errorf("said %v", err)
			}
		})
	}
}
