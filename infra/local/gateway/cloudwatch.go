package gateway

import (
	"encoding/json"
	"net/http"
	"time"

	"fitkit/infra/local/host"
)

// CloudWatchPath is where GetMetricData is answered as CloudWatch does it, from this machine's own figures.
const CloudWatchPath = "/_local/cloudwatch"

// maxQueries is how many metrics CloudWatch tells in one call.
const maxQueries = 500

type metricsRequest struct {
	MetricDataQueries []struct {
		ID         string `json:"Id"`
		MetricStat struct {
			Metric struct {
				Namespace, MetricName string
				Dimensions            []struct{ Name, Value string }
			}
			Stat string
		}
	}
	StartTime, EndTime float64 // Unix seconds
}

type metricResult struct {
	ID         string `json:"Id"`
	Timestamps []float64
	Values     []float64
	StatusCode string
}

// tellMetrics answers one value over the whole span, whatever the period. A metric without data has no value.
func (g *Gateway) tellMetrics(w http.ResponseWriter, r *http.Request) {
	var in metricsRequest
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in)
	if action := r.Header.Get("X-Amz-Target"); err != nil || action != "GraniteServiceVersion20100801.GetMetricData" || len(in.MetricDataQueries) > maxQueries {
		write(w, http.StatusBadRequest, "application/x-amz-json-1.0",
			[]byte(`{"__type":"com.amazonaws.cloudwatch#InvalidParameterValueException","message":"only GetMetricData is answered here, of 500 metrics at most"}`))
		return
	}
	names := map[string]string{}
	for _, f := range g.opt.Platform.Functions {
		names[f.LambdaName] = f.Name
	}
	since, until := time.Unix(int64(in.StartTime), 0), time.Unix(int64(in.EndTime), 0)
	results := []metricResult{}
	for _, q := range in.MetricDataQueries {
		out := metricResult{ID: q.ID, Timestamps: []float64{}, Values: []float64{}, StatusCode: "Complete"}
		m := q.MetricStat.Metric
		if len(m.Dimensions) == 1 && m.Dimensions[0].Name == dimensionOf[m.Namespace] {
			of := g.opt.Local.Figures(names[m.Dimensions[0].Value], since, until)
			if value, ok := metricOf(of, m.Namespace, m.MetricName, q.MetricStat.Stat); ok {
				out.Timestamps, out.Values = append(out.Timestamps, in.StartTime), append(out.Values, value)
			}
		}
		results = append(results, out)
	}
	writeJSON(w, http.StatusOK, map[string]any{"MetricDataResults": results})
}

// dimensionOf is by which dimension Lambda's metrics, and FitKit's own, are one function's.
var dimensionOf = map[string]string{"AWS/Lambda": "FunctionName", "FitKit": "Function"}

func metricOf(f host.Figures, namespace, name, statistic string) (value float64, ok bool) {
	switch namespace + " " + name + " " + statistic {
	case "FitKit Failed Sum":
		return float64(f.Failed), f.Failed > 0
	case "AWS/Lambda Invocations Sum":
		value = float64(f.Invocations)
	case "AWS/Lambda Errors Sum":
		value = float64(f.Errors)
	case "AWS/Lambda Throttles Sum": // a call waits here for a process
	case "AWS/Lambda Duration Average":
		value = float64(f.Total.Microseconds()) / 1000 / float64(max(1, f.Invocations))
	case "AWS/Lambda Duration Maximum":
		value = float64(f.Slowest.Microseconds()) / 1000
	default:
		return 0, false
	}
	return value, f.Invocations > 0
}
