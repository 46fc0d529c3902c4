package documents

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"fitkit/shared/blob"
	"fitkit/shared/fail"
	"fitkit/shared/secret"
)

// ruleLock is R2's bucket lock rules: they stop everybody, until somebody who may set up buckets removes the rule. So a
// document's own lock cannot be asked for, and the daily check of the rules is all there is.
type ruleLock struct {
	bucket   *blob.Bucket
	account  string
	apiURL   string
	apiToken secret.Secret
	http     *http.Client
}

func (ruleLock) name() string { return "r2" }

func (ruleLock) apply(blob.Request, time.Time) {}

func (ruleLock) confirm(context.Context, Receipt) error { return nil }

func (l ruleLock) check(ctx context.Context, now time.Time) error {
	rules, err := l.rules(ctx)
	if err != nil {
		return err
	}
	for _, prefix := range []string{DocumentsFolder, ReportsFolder, samples} {
		if !covered(rules, prefix) {
			return notLocked("no rule keeps %s for %d years", prefix, RetentionYears)
		}
	}
	s, err := putSample(ctx, l.bucket, l, now)
	if err != nil {
		return err
	}
	return s.survives(ctx, l.bucket)
}

// rule is one of a bucket's lock rules, as Cloudflare's API writes it.
type rule struct {
	Enabled   bool
	Prefix    string
	Condition struct {
		Type          string
		MaxAgeSeconds int64
	}
}

// covered says whether a rule keeps everything under prefix long enough. Seven years have at most two leap days.
func covered(rules []rule, prefix string) bool {
	const enough = (RetentionYears*365 + 2) * 24 * 60 * 60
	for _, r := range rules {
		long := r.Condition.Type == "Indefinite" || r.Condition.Type == "Age" && r.Condition.MaxAgeSeconds >= enough
		if r.Enabled && long && strings.HasPrefix(prefix, r.Prefix) {
			return true
		}
	}
	return false
}

func (l ruleLock) rules(ctx context.Context) ([]rule, error) {
	address := fmt.Sprintf("%s/accounts/%s/r2/buckets/%s/lock", l.apiURL, l.account, l.bucket.Bucket)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+l.apiToken.Reveal())
	res, err := l.http.Do(req)
	if err != nil {
		return nil, fail.Wrap(blob.ErrUnavailable, "read the lock rules")
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError:
		return nil, fail.Wrap(blob.ErrUnavailable, "read the lock rules: Cloudflare answered %s", res.Status)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("read the lock rules: Cloudflare answered %s; CLOUDFLARE_API_TOKEN must be allowed to read the bucket's settings", res.Status)
	}
	var body struct{ Result struct{ Rules []rule } }
	if err := json.NewDecoder(http.MaxBytesReader(nil, res.Body, 1<<20)).Decode(&body); err != nil {
		return nil, fail.Wrap(blob.ErrUnavailable, "read the lock rules: Cloudflare's answer is no JSON")
	}
	return body.Result.Rules, nil
}
