package cloudwatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/fail"
	"fitkit/shared/platform"
	"fitkit/shared/retry"
	"fitkit/shared/retry/outagetest"
)

var until = time.Date(2026, 11, 27, 12, 8, 0, 0, time.UTC)

func reader(address string) *Reader {
	return New(Config{Endpoint: address, Region: "eu-central-1", Prefix: "fitkit-x-", Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "k", SecretAccessKey: "s", SessionToken: "t"}, nil
		})})
}

// serve is CloudWatch, which answers what tell says to the n-th request.
func serve(t *testing.T, tell func(n int, in request) string) (r *Reader, asked *[]request) {
	t.Helper()
	asked = &[]request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in request
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		signed := r.Header.Get("Authorization")
		if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.0" ||
			r.Header.Get("X-Amz-Target") != "GraniteServiceVersion20100801.GetMetricData" || r.Header.Get("X-Amz-Security-Token") != "t" ||
			!strings.HasPrefix(signed, "AWS4-HMAC-SHA256 Credential=k/") || !strings.Contains(signed, "/eu-central-1/monitoring/aws4_request, SignedHeaders=") {
			t.Errorf("asked by %s %s with %v", r.Method, r.URL, r.Header)
		}
		*asked = append(*asked, in)
		_, _ = w.Write([]byte(tell(len(*asked), in)))
	}))
	t.Cleanup(server.Close)
	return reader(server.URL), asked
}

// values answers each query with what of says; a negative value is none.
func values(in request, of func(q query) float64) string {
	results := []map[string]any{}
	for _, q := range in.Queries {
		v := []float64{}
		if n := of(q); n >= 0 {
			v = append(v, n)
		}
		results = append(results, map[string]any{"Id": q.ID, "Values": v, "StatusCode": "Complete"})
	}
	text, _ := json.Marshal(map[string]any{"MetricDataResults": results}) // maps of texts and numbers
	return string(text)
}

// Red with batches of 501, with a period of a minute, without the prefix, without the function's own failures, and with ids that began anew after a hundred functions.
func TestEveryFunctionIsAskedForByItsDeployedNameInBatches(t *testing.T) {
	t.Parallel()
	names := make([]string, 120)
	for i := range names {
		names[i] = fmt.Sprintf("job-%d", i)
	}
	told := map[string]float64{"AWS/Lambda FunctionName Invocations Sum": 7, "AWS/Lambda FunctionName Errors Sum": 2, "AWS/Lambda FunctionName Throttles Sum": 1,
		"AWS/Lambda FunctionName Duration Average": 10.5, "AWS/Lambda FunctionName Duration Maximum": 40.25, "FitKit Function Failed Sum": 3}
	r, asked := serve(t, func(_ int, in request) string {
		return values(in, func(q query) float64 {
			m := q.Stat.Metric
			value, known := told[strings.Join([]string{m.Namespace, m.Dimensions[0].Name, m.MetricName, q.Stat.Stat}, " ")]
			if q.Stat.Period != 3600 || len(m.Dimensions) != 1 || !known {
				t.Errorf("asked for %+v", q)
			}
			if m.Dimensions[0].Value == "fitkit-x-job-119" {
				return value
			}
			return -1
		})
	})
	got, err := r.Figures(t.Context(), names, until.Add(-time.Hour), until)
	if err != nil {
		t.Fatal(err)
	}
	if len(*asked) != 2 || len((*asked)[0].Queries) != 500 || len((*asked)[1].Queries) != 220 {
		t.Fatalf("%d calls", len(*asked))
	}
	if in := (*asked)[0]; in.StartTime != until.Unix()-3600 || in.EndTime != until.Unix() {
		t.Errorf("from %d to %d", in.StartTime, in.EndTime)
	}
	for name, f := range got {
		want := platform.Figures{}
		if name == "job-119" {
			want = platform.Figures{Invocations: 7, Errors: 2, Throttles: 1, Failed: 3, AverageMS: 10.5, SlowestMS: 40.25}
		}
		if f != want {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if len(got) != len(names) {
		t.Errorf("figures of %d functions", len(got))
	}
}

// Every call is paid for by its metrics, and one call answers 500. Red with a seventh metric.
func TestAllFunctionsAreAskedForInOneCall(t *testing.T) {
	t.Parallel()
	r, asked := serve(t, func(_ int, in request) string { return values(in, func(query) float64 { return -1 }) })
	var names []string
	for _, f := range platform.Functions {
		names = append(names, f.Name)
	}
	if _, err := r.Figures(t.Context(), names, until.Add(-time.Hour), until); err != nil || len(*asked) != 1 {
		t.Errorf("%d calls for %d functions (%v)", len(*asked), len(names), err)
	}
}

// Red when the token was not sent back.
func TestAnAnswerInTwoPagesIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	r, asked := serve(t, func(n int, in request) string {
		if n == 1 {
			return `{"MetricDataResults":[{"Id":"f0_0","Values":[3],"StatusCode":"PartialData"}],"NextToken":"more"}`
		}
		if in.NextToken != "more" {
			t.Errorf("page %d has the token %q", n, in.NextToken)
		}
		return strings.Replace(values(in, func(query) float64 { return -1 }), "}]", `}],"NextToken":""`, 1)
	})
	got, err := r.Figures(t.Context(), []string{"job-a"}, until.Add(-5*time.Minute), until)
	if err != nil || got["job-a"].Invocations != 3 || len(*asked) != 2 {
		t.Errorf("%+v after %d calls (%v)", got, len(*asked), err)
	}
}

// Red when a status other than Complete was let through, and when a metric that the answer does not name was.
func TestWhatNobodyCountedIsNotZero(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an error inside":     `{"MetricDataResults":[{"Id":"f0_0","Values":[],"StatusCode":"InternalError"}]}`,
		"a metric is missing": `{"MetricDataResults":[]}`,
		"no answer at all":    `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := serve(t, func(_ int, in request) string {
				if strings.Contains(text, "InternalError") {
					return strings.Replace(values(in, func(query) float64 { return 1 }), "Complete", "InternalError", 1)
				}
				return text
			})
			if got, err := r.Figures(t.Context(), []string{"job-a"}, until.Add(-time.Hour), until); !errors.Is(err, platform.ErrVendor) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// Red without AWS's code in the error, and with the refusal tried again.
func TestARefusalSaysWhyAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"__type":"com.amazonaws.cloudwatch#AccessDenied","message":"is not authorized"}`))
	}))
	t.Cleanup(server.Close)
	_, err := reader(server.URL).Figures(t.Context(), []string{"job-a"}, until.Add(-time.Hour), until)
	if !errors.Is(err, platform.ErrVendor) || !strings.Contains(err.Error(), "AccessDenied") || asked != 1 {
		t.Errorf("%v after %d calls", err, asked)
	}
}

// Red when five tries were made whatever the answer, and without the service's own Retry-After.
func TestAnOutageEndsInTimeWithOneError(t *testing.T) {
	t.Parallel()
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		_, err := reader(o.URL).Figures(o.Context(t), []string{"job-a"}, until.Add(-time.Hour), until)
		want := time.Minute
		if o.TooOften() {
			want = 2 * time.Minute
		}
		if !errors.Is(err, platform.ErrVendor) || fail.From(err).RetryAfter != want || o.Asked() > retry.Tries {
			t.Errorf("%v, to be asked again after %s, asked %d times", err, fail.From(err).RetryAfter, o.Asked())
		}
	})
}

// Red when the hyphen was left out.
func TestWhatStandsBeforeItsOwnNameStandsBeforeAll(t *testing.T) {
	t.Parallel()
	const own = "api-platform-list-functions"
	for deployed, want := range map[string]string{"fitkit-production-" + own: "fitkit-production-", own: "", "local": ""} {
		if got := prefixOf(deployed, own); got != want {
			t.Errorf("%s: %q, want %q", deployed, got, want)
		}
	}
}
