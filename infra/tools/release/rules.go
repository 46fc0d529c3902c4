package main

import (
	"regexp"
	"slices"
	"strings"

	"fitkit/shared/config"
)

// rule is what CloudFormation would hold a setting to that no function reads, and only once the schema is changed.
type rule struct {
	variable string
	holds    func(string) bool
	says     string
}

var rules = []rule{
	{"LOG_RETENTION_DAYS", func(v string) bool { return slices.Contains(strings.Fields(retentions), v) },
		"must be one of the numbers of days that CloudWatch keeps logs for: " + strings.Join(strings.Fields(retentions), ", ")},
	{"ALARM_TOPIC_ARN", matches(`arn:aws:sns:` + region + `:[0-9]{12}:[A-Za-z0-9_-]+`), "must be the ARN of a topic in " + region + ", where the alarms are: arn:aws:sns:" + region + ":<account>:<name>"},
	{"MONTHLY_BUDGET_USD", matches(`0|[0-9]*[1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*`), "must be a number of US dollars, or 0 for none"},
	{"BUDGET_EMAIL", matches(`[^@\s]+@[^@\s]+`), "must be one mail address"},
	{"API_RATE_PER_SECOND", matches(`[1-9][0-9]*`), "must be a whole number above 0"},
	{"API_BURST", matches(`[1-9][0-9]*`), "must be a whole number above 0"},
	{"API_DOMAIN", domain, "must be a host's name in small letters, such as api.fitkit.example"},
	{"API_CERTIFICATE_ARN", certificate, issued},
	{"REALTIME_DOMAIN", domain, "must be a host's name in small letters, such as ws.fitkit.example"},
	{"REALTIME_CERTIFICATE_ARN", certificate, issued},
}

// retentions are CloudWatch's, in days.
const retentions = "1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653"

const issued = "must be the ARN of a certificate in " + region + ", where the APIs are: arn:aws:acm:" + region + ":<account>:certificate/<id>"

var (
	domain      = matches(`([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}`)
	certificate = matches(`arn:aws:acm:` + region + `:[0-9]{12}:certificate/[A-Za-z0-9-]+`)
)

func matches(pattern string) func(string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString
}

// together are settings of which one is no use: a domain without its certificate is quietly none, the other way round is refused.
var together = [][2]string{{"API_DOMAIN", "API_CERTIFICATE_ARN"}, {"REALTIME_DOMAIN", "REALTIME_CERTIFICATE_ARN"}}

// ruled says which settings that only the template knows it could not be deployed with.
func (r *Release) ruled(stored map[string]setting) error {
	var out config.Problems
	for _, one := range rules {
		if v := r.value(one.variable, stored); v != "" && !one.holds(v) {
			out = append(out, config.Problem{Variable: one.variable, Rule: one.says})
		}
	}
	for _, pair := range together {
		for i, variable := range pair {
			if other := pair[1-i]; r.value(variable, stored) == "" && r.value(other, stored) != "" {
				out = append(out, config.Problem{Variable: variable, Rule: "goes with " + other + ": set both, or delete the other"})
			}
		}
	}
	return config.Together(out)
}
