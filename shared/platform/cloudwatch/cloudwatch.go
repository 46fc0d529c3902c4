// Package cloudwatch reads what functions did from CloudWatch: Lambda's own metrics, and FitKit's count of failures. It is apart from package platform so that
// only who asks links the signature.
package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/config"
	"fitkit/shared/fail"
	"fitkit/shared/platform"
	"fitkit/shared/retry/awsretry"
	"fitkit/shared/run"
)

const (
	// patience bounds a whole page, retries included, well inside the function's own time.
	patience = 10 * time.Second
	// atOnce is how many metrics CloudWatch tells in one call.
	atOnce = 500
)

// metrics are what is asked of every function. CloudWatch charges for each metric asked for. Lambda counts no answer 500 and no
// message that goes back to its queue as an error; the function's own metric does (package obs).
var metrics = []struct{ namespace, dimension, name, statistic string }{
	{lambda, "FunctionName", "Invocations", "Sum"}, {lambda, "FunctionName", "Errors", "Sum"}, {lambda, "FunctionName", "Throttles", "Sum"},
	{lambda, "FunctionName", "Duration", "Average"}, {lambda, "FunctionName", "Duration", "Maximum"}, {"FitKit", "Function", "Failed", "Sum"},
}

const lambda = "AWS/Lambda"

// Config says where CloudWatch is and by which keys it is asked.
type Config struct {
	Endpoint    string // empty is AWS's own
	Region      string
	Prefix      string // stands before a function's name in AWS: the stack's name and "-"
	Credentials aws.CredentialsProvider
}

// Reader reads figures of functions.
type Reader struct {
	client client
	prefix string
}

// New is a reader by its settings.
func New(c Config) *Reader { return &Reader{newClient(c), c.Prefix} }

// From is the function's reader. What stands before its own name in AWS stands before all names of the deployment.
func From(app *run.App) *Reader {
	return run.Once(app, "cloudwatch", func() *Reader {
		c := run.Section[config.CloudWatch](app)
		keys := aws.Credentials{AccessKeyID: c.KeyID, SecretAccessKey: c.KeySecret.Reveal(), SessionToken: c.KeyToken.Reveal()}
		return New(Config{Endpoint: c.Endpoint, Region: app.Core.Region, Prefix: prefixOf(app.Core.Function, app.Spec.Name),
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })})
	})
}

func prefixOf(deployed, name string) string { return deployed[:max(0, len(deployed)-len(name))] }

// Figures are those of the named functions, by name, from since until until, both on whole minutes. CloudWatch counts periods
// from the start that it is asked for, so one as long as the span gives one value. Errors: platform.ErrVendor.
func (r *Reader) Figures(ctx context.Context, names []string, since, until time.Time) (map[string]platform.Figures, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var queries []query
	for i, name := range names {
		for k, m := range metrics {
			queries = append(queries, query{ID: fmt.Sprintf("f%d_%d", i, k), Stat: metricStat{
				Metric: metric{m.namespace, m.name, []dimension{{m.dimension, r.prefix + name}}},
				Period: int(until.Sub(since).Seconds()), Stat: m.statistic,
			}})
		}
	}
	values := map[string]float64{}
	for some := range slices.Chunk(queries, atOnce) {
		if err := r.client.values(ctx, some, since, until, values); err != nil {
			silent := platform.ErrVendor
			return nil, fail.Wrap(silent.After(max(silent.RetryAfter, awsretry.After(err))), "ask CloudWatch: %v", err)
		}
	}
	out := map[string]platform.Figures{}
	for i, name := range names {
		of := func(k int) float64 { return values[fmt.Sprintf("f%d_%d", i, k)] }
		out[name] = platform.Figures{Invocations: int64(of(0)), Errors: int64(of(1)), Throttles: int64(of(2)), Failed: int64(of(5)), AverageMS: of(3), SlowestMS: of(4)}
	}
	return out, nil
}
