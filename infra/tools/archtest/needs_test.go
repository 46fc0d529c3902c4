package archtest_test

import (
	"path"
	"slices"
	"testing"

	"fitkit/infra/tools/archtest"
	"fitkit/shared/catalog"
	"fitkit/shared/need"
	"fitkit/shared/run"
)

// costs are the packages that a binary links for a reason, and the reasons.
var costs = []struct {
	dep    string
	reason string
	wanted func(run.Spec) bool
}{
	{"fitkit/shared/outbox", "need.Send or need.Watch", needs("send", "watch")},
	{"fitkit/shared/blob", "need.Blob or a need of the compliance store", needs("blob", "compliance_blob", "locked_reports", "compliance_probe")},
	{"fitkit/shared/blob/documents", "a need of the compliance store", needs("compliance_blob", "locked_reports", "compliance_probe")},
	{"github.com/redis/rueidis", "need.Redis", needs("redis")},
	{"github.com/jackc/pgx/v5/pgxpool", "need.Postgres or need.SystemPostgres", needs("postgres", "system_postgres")},
	{"github.com/danielgtaylor/huma/v2", "an endpoint", func(s run.Spec) bool { return s.Route != nil && !s.Route.Hook }},
	{"github.com/go-jose/go-jose/v3", "an endpoint", func(s run.Spec) bool { return s.Route != nil && !s.Route.Hook }}, // the HTTP edge checks sign-ins
	{"fitkit/shared/obs/posthog", "need.Analytics", needs("analytics")},
	{"fitkit/shared/platform/cloudwatch", "need.Metrics", needs("metrics")},
	{"fitkit/shared/webhook", "need.ClerkWebhook", needs("clerk_webhook")},
	{"github.com/aws/aws-sdk-go-v2/config", "nothing: clients are built by hand, for it costs every cold start", never},
	{"github.com/aws/aws-sdk-go-v2/service/s3", "nothing: blob asks S3 by itself, for the client's tables cost every cold start", never},
	{"github.com/aws/aws-sdk-go-v2/service/sqs", "nothing: outbox asks SQS by itself, for the client's tables cost every cold start", never},
	{"github.com/svix/svix-webhooks/go", "nothing: it accepts an empty secret", never},
	{"testing", "nothing: it is for tests", never},
}

func needs(kinds ...string) func(run.Spec) bool {
	return func(s run.Spec) bool {
		return slices.ContainsFunc(s.Needs, func(n need.Need) bool { return slices.Contains(kinds, n.Kind) })
	}
}

func never(run.Spec) bool { return false }

func TestAFunctionLinksOnlyWhatItNeeds(t *testing.T) {
	links := map[string]archtest.Package{}
	for _, p := range ours(t) {
		links[path.Base(p.ImportPath)] = p
	}
	for _, s := range catalog.All() {
		p, ok := links[s.Name]
		if !ok {
			t.Errorf("functions/%s is not there", s.Name)
			continue
		}
		for _, cost := range costs {
			if slices.Contains(p.Deps, cost.dep) && !cost.wanted(s) {
				t.Errorf("%s links %s without %s: %s", s.Name, cost.dep, cost.reason, through(t, p.ImportPath, cost.dep))
			}
		}
	}
}
