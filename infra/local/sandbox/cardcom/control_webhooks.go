package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"fitkit/infra/local/sandbox/internal/process"
)

// webhookChange sets how webhooks go out: of one page when it names one, else of all pages paid
// from now on. What it leaves out stays as it was.
type webhookChange struct {
	LowProfileID   string              `json:"lowProfileId"`
	Mode           webhookMode         `json:"mode"`
	Mix            map[webhookMode]int `json:"mix"`
	Seed           *uint64             `json:"seed"`
	DelaySeconds   *float64            `json:"delaySeconds"`
	LateSeconds    *float64            `json:"lateSeconds"`
	RetryScale     *float64            `json:"retryScale"`
	ReportDeclines *bool               `json:"reportDeclines"`
}

func (c webhookChange) check() error {
	for mode, weight := range c.Mix {
		if !slices.Contains(webhookModes, mode) || weight < 0 {
			return fmt.Errorf("mix gives weights of 0 or more to once, twice, late and never")
		}
	}
	if c.Mode != "" && !slices.Contains(webhookModes, c.Mode) {
		return fmt.Errorf("mode is once, twice, late or never")
	}
	if c.LowProfileID != "" && c.Mode == "" {
		return fmt.Errorf("a page needs a mode")
	}
	return nil
}

// apply returns o with the change made.
func (c webhookChange) apply(o webhookOptions) webhookOptions {
	if c.Mix != nil {
		o.Mix = c.Mix
	}
	if c.Mode != "" {
		o.Mix = map[webhookMode]int{c.Mode: 1}
	}
	if c.Seed != nil {
		o.Seed = *c.Seed
	}
	if c.RetryScale != nil {
		o.RetryScale = *c.RetryScale
	}
	if c.ReportDeclines != nil {
		o.ReportDeclines = *c.ReportDeclines
	}
	if c.DelaySeconds != nil {
		o.Delay = seconds(*c.DelaySeconds)
	}
	if c.LateSeconds != nil {
		o.Late = seconds(*c.LateSeconds)
	}
	return o
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func (s *server) setWebhooks(w http.ResponseWriter, r *http.Request) {
	var in webhookChange
	if err := process.ReadJSON(r, &in); err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	if err := in.check(); err != nil {
		problem(w, http.StatusBadRequest, err)
		return
	}
	if in.LowProfileID == "" {
		s.webhooks.configure(in.apply(s.webhooks.current()))
		w.WriteHeader(http.StatusNoContent)
		return
	}
	found, err := s.book.changePage(strings.ToLower(in.LowProfileID), func(p *page) { p.Mode = in.Mode })
	if !found {
		problem(w, http.StatusNotFound, fmt.Errorf("no such page"))
		return
	}
	done(w, err)
}

// webhookReport shows the options in seconds and every delivery, oldest first.
type webhookReport struct {
	Mix            map[webhookMode]int `json:"mix"`
	Seed           uint64              `json:"seed"`
	DelaySeconds   float64             `json:"delaySeconds"`
	LateSeconds    float64             `json:"lateSeconds"`
	RetryScale     float64             `json:"retryScale"`
	ReportDeclines bool                `json:"reportDeclines"`
	Deliveries     []delivery          `json:"deliveries"`
}

func (s *server) showWebhooks(w http.ResponseWriter, _ *http.Request) {
	o := s.webhooks.current()
	process.WriteJSON(w, http.StatusOK, webhookReport{
		o.Mix, o.Seed, o.Delay.Seconds(), o.Late.Seconds(), o.RetryScale, o.ReportDeclines, s.webhooks.logged(),
	})
}
