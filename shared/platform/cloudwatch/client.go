package cloudwatch

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"fitkit/shared/clock"
	"fitkit/shared/retry/awsretry"
)

const (
	// tryPatience bounds one try of a call.
	tryPatience = 4 * time.Second
	// maxAnswer is the longest answer that is read, in bytes: that to 500 metrics has 100 kB.
	maxAnswer = 1 << 20
)

// client asks CloudWatch by its JSON protocol, as outbox does SQS (docs/decisions/010-what-a-start-pays-for.md).
type client struct {
	address, region string
	credentials     aws.CredentialsProvider
	http            *http.Client
	signer          *v4.Signer
	calls           awsretry.Calls
}

func newClient(c Config) *client {
	return &client{address: cmp.Or(c.Endpoint, "https://monitoring."+c.Region+".amazonaws.com"), region: c.Region, credentials: c.Credentials,
		signer: v4.NewSigner(), calls: awsretry.NewCalls(),
		http: &http.Client{Timeout: tryPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

type request struct {
	Queries   []query `json:"MetricDataQueries"`
	StartTime int64   // Unix seconds; inclusive
	EndTime   int64   // exclusive
	NextToken string  `json:",omitempty"`
}

type query struct {
	ID   string     `json:"Id"`
	Stat metricStat `json:"MetricStat"`
}

type metricStat struct {
	Metric metric
	Period int // seconds
	Stat   string
}

type metric struct {
	Namespace, MetricName string
	Dimensions            []dimension
}

type dimension struct{ Name, Value string }

type answer struct {
	Results []struct {
		ID         string `json:"Id"`
		Values     []float64
		StatusCode string
	} `json:"MetricDataResults"`
	NextToken string
}

// values reads the value of each query into values; a metric without data has none. It may come in several pages.
func (c *client) values(ctx context.Context, queries []query, since, until time.Time, values map[string]float64) error {
	complete := map[string]bool{}
	in := request{Queries: queries, StartTime: since.Unix(), EndTime: until.Unix()}
	for {
		var out answer
		if err := c.call(ctx, "GetMetricData", in, &out); err != nil {
			return err
		}
		for _, r := range out.Results {
			if len(r.Values) > 0 {
				values[r.ID] = r.Values[0]
			}
			complete[r.ID] = r.StatusCode == "Complete"
		}
		if in.NextToken = out.NextToken; in.NextToken == "" {
			break
		}
	}
	for _, q := range queries {
		if !complete[q.ID] { // no zeros that nobody counted
			return fmt.Errorf("no complete answer for %s of %s", q.Stat.Metric.MetricName, q.Stat.Metric.Dimensions[0].Value)
		}
	}
	return nil
}

// call asks for one action. What may pass is tried again.
func (c *client) call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return c.calls.Do(ctx, func(ctx context.Context) error { return c.try(ctx, action, body, out) })
}

func (c *client) try(ctx context.Context, action string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.address, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801."+action)
	keys, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := c.signer.SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "monitoring", c.region, clock.Real()); err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return awsretry.Unanswered(ctx, err)
	}
	defer res.Body.Close()
	told, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return awsretry.Unanswered(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		return refused(res, told)
	}
	return json.Unmarshal(told, out)
}

// refused is an answer that is none: {"__type":"com.amazonaws.cloudwatch#AccessDenied","message":"…"}.
func refused(res *http.Response, body []byte) error {
	var told struct {
		Type    string `json:"__type"`
		Message string
	}
	_ = json.Unmarshal(body, &told) // a proxy's page has no code
	code, _, _ := strings.Cut(cmp.Or(res.Header.Get("X-Amzn-Errortype"), told.Type), ":")
	return awsretry.Answered(res, code[strings.LastIndexByte(code, '#')+1:], told.Message)
}
