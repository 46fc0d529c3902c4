package platformapi_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/config"
	"fitkit/shared/outbox"
	"fitkit/shared/platform"
	"fitkit/shared/platform/cloudwatch"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/retry"
	"fitkit/shared/retry/outagetest"
)

// TestAVendorThatFailsIsSaidToFail (T16): a panel of a vendor's answers 503 and when to come back; panels that have more to
// show than SQS's counts show the rest. Red when an error of CloudWatch's was none of a vendor's.
func TestAVendorThatFailsIsSaidToFail(t *testing.T) {
	t.Parallel()
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		l := &late{}
		keys := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s"}, nil
		})
		sqs := outbox.NewSender(outbox.Config{URLPrefix: o.URL + "/000000000000/", Endpoint: o.URL, Region: "eu-central-1", Credentials: keys})
		e := apitest.New(t, func(*postgres.DB) []api.Endpoint {
			return []api.Endpoint{platformapi.ListQueues(l, sqs),
				platformapi.ListFunctions(cloudwatch.New(cloudwatch.Config{Endpoint: o.URL, Region: "eu-central-1", Credentials: keys})),
				platformapi.GetNeon(platform.NewNeon(&config.Neon{APIKey: "k", Project: "p", APIURL: o.URL})),
				platformapi.GetFormerSystem(platform.NewRailway(&config.Railway{APIToken: "k", Project: "p", APIURL: o.URL}))}
		})
		l.Overview = platform.NewOverview(e.System)
		for _, panel := range []string{"neon", "former-system", "functions"} {
			got := e.AsAdmin(t).Until(o.Context(t)).Get("/v1/admin/"+panel).Want(503, "platform.vendor_unavailable")
			want := "60"
			if o.TooOften() {
				want = outagetest.Asks
			}
			if got.Header.Get("Retry-After") != want || got.Field("title") == "" {
				t.Errorf("%s: Retry-After %q, want %s; %s", panel, got.Header.Get("Retry-After"), want, got.Body)
			}
		}
		if n := o.Asked(); n > 2+retry.Tries {
			t.Errorf("two vendors and CloudWatch were asked %d times", n)
		}
		var got struct{ Queues []struct{ Messages any } }
		e.AsAdmin(t).Until(o.Context(t)).Get("/v1/admin/queues").Want(200).Into(&got)
		for _, q := range got.Queues {
			if q.Messages != nil {
				t.Errorf("messages are counted that nobody counted: %v", q.Messages)
			}
		}
		if postgrestest.Get[int](t, e.Database, "select count(*) from jobs") != 0 {
			t.Error("a page has made work")
		}
	})
}
