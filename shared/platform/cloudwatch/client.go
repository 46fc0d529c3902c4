package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"fitkit/shared/retry/awsjson"
)

const (
	// tryPatience bounds one try of a call.
	tryPatience = 4 * time.Second
	// maxAnswer is the longest answer that is read, in bytes: that to 500 metrics has 100 kB.
	maxAnswer = 1 << 20
)

// client asks CloudWatch.
type client struct{ *awsjson.Client }

func newClient(c Config) client {
	return client{awsjson.New(awsjson.Config{Address: cmp.Or(c.Endpoint, "https://monitoring."+c.Region+".amazonaws.com"), Region: c.Region,
		Service: "monitoring", Target: "GraniteServiceVersion20100801", Credentials: c.Credentials, Patience: tryPatience, MaxAnswer: maxAnswer})}
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
func (c client) values(ctx context.Context, queries []query, since, until time.Time, values map[string]float64) error {
	complete := map[string]bool{}
	in := request{Queries: queries, StartTime: since.Unix(), EndTime: until.Unix()}
	for {
		var out answer
		if err := c.Call(ctx, "GetMetricData", in, &out); err != nil {
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
