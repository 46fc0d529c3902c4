package main

import (
	"cmp"
	"errors"
	"fmt"
)

// ownAddress refuses an address of the parameter store to previews: providers would send every preview's notices there.
func (r *Release) ownAddress(stored map[string]setting) error {
	if s, ok := stored["PUBLIC_API_URL"]; ok && r.stage == "preview" {
		return fmt.Errorf("PUBLIC_API_URL would be the address of every preview, and each has its own: delete %s", s.Name)
	}
	return nil
}

// watched refuses a production whose alarms reach nobody or whose costs nobody hears of, and says so of staging, whose account may
// have its budget in another stage. A preview has neither.
func (r *Release) watched(stored map[string]setting) error {
	var lacks []string
	if r.value("ALARM_TOPIC_ARN", stored) == "" {
		lacks = append(lacks, fmt.Sprintf("%s has no ALARM_TOPIC_ARN, so its alarms would reach nobody: make the topic and store its ARN as docs/deploy.md says (the first time, 4)", r.stage))
	}
	if cmp.Or(r.value("MONTHLY_BUDGET_USD", stored), "0") == "0" || r.value("BUDGET_EMAIL", stored) == "" {
		lacks = append(lacks, fmt.Sprintf("%s has no budget, so nobody would hear what it costs: store MONTHLY_BUDGET_USD and BUDGET_EMAIL as docs/deploy.md says (the first time, 5)", r.stage))
	}
	var errs []error
	for _, sentence := range lacks {
		switch r.stage {
		case "production":
			errs = append(errs, errors.New(sentence))
		case "staging":
			fmt.Fprintln(r.Out, "Mind:", sentence)
		}
	}
	return errors.Join(errs...)
}
