package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"fitkit/infra/local/host"
	"fitkit/infra/local/poller"
	"fitkit/infra/local/stores"
	"fitkit/shared/cron"
)

const (
	planFunction = "cron-billing-plan-charges"
	executeQueue = "billing-execute-charge"
	manyDue      = 100_000
	fewDue       = 10_000
	studios      = 500
	// maxGrowth is how much longer a membership may take among many than among few.
	maxGrowth = 1.5
	maxPeakMB = 128
)

// sqlDueRows makes $1 studios with a plan each and $2 memberships among them, all due, each for the period that begins today.
const sqlDueRows = `
with o as (
  insert into orgs (id, clerk_org_id, name, slug) select app.uuidv7(), 'org_' || i, 'סטודיו ' || i, 's' || i from generate_series(1, $1::int) i
  returning id, substr(slug, 2)::int - 1 as n
), p as (
  insert into plans (org_id, id, name, type, status) select id, id, 'חודשי', 'recurring', 'published' from o
), v as (
  insert into plan_versions (org_id, id, plan_id, version, price, pay_mode, effective, published_at)
  select id, id, id, 1, 25000, 'monthly', '[2026-01-01,)', now() from o
), m as (
  insert into members (org_id, id, name, search_key)
  select o.id, app.uuidv7(), 'נועה לוי', 'נועה לוי' from generate_series(0, $2::int - 1) i join o on o.n = i % $1::int
  returning org_id, id
)
insert into memberships (org_id, id, member_id, plan_version_id, payer_id, type, state, price, pay_mode, start_on, anchor_day, next_charge_at)
select org_id, id, id, org_id, id, 'recurring', 'active', 25000, 'monthly', current_date, extract(day from current_date)::int, now() - interval '1 minute'
from m`

// planRun is one run of the cron over fresh rows.
type planRun struct {
	perMembership float64 // µs
	peakMB        float64
}

// planFigures plans few and many in turns, and compares each many with the few before and after it, so that a machine that gets
// busier meanwhile does not look like growth.
func planFigures(ctx context.Context, s *system) ([]figure, error) {
	var few, many, peak sample
	for _, n := range []int{fewDue, manyDue, fewDue, manyDue, fewDue} {
		r, err := s.plan(ctx, s.times(n))
		if err != nil {
			return nil, err
		}
		say("  %d memberships: %.0f µs each, %.0f MB at most", s.times(n), r.perMembership, r.peakMB)
		if n == manyDue {
			many, peak = append(many, r.perMembership), append(peak, r.peakMB)
		} else {
			few = append(few, r.perMembership)
		}
	}
	growth := many.over(few.between())
	return []figure{
		{name: "plan a membership of 10,000", value: few.median(), spread: few, unit: "µs", none: true},
		{name: "plan a membership of 100,000", value: many.median(), spread: many, unit: "µs", none: true},
		{name: "plan a membership of 100,000 compared with 10,000", value: growth.median(), spread: growth, unit: "×", atMost: true, bound: maxGrowth},
		{name: "peak memory of planning 100,000", value: peak.median(), spread: peak, unit: "MB", atMost: true, bound: maxPeakMB},
	}, nil
}

func (s *system) plan(ctx context.Context, n int) (r planRun, err error) {
	if err := s.empty(ctx); err != nil {
		return r, err
	}
	if err := s.purge(ctx); err != nil {
		return r, err
	}
	if _, err := s.admin.Exec(ctx, sqlDueRows, studios, n); err != nil {
		return r, fmt.Errorf("make due memberships: %w", err)
	}
	if err := s.ready(ctx); err != nil {
		return r, err
	}
	f, err := s.function(planFunction)
	if err != nil {
		return r, err
	}
	f.Env = maps.Clone(f.Env)
	f.Env["CRONS_ENABLED"] = "true"
	h, err := newHost(f)
	if err != nil {
		return r, err
	}
	defer h.Close()
	took, err := runPlan(ctx, h, int64(n))
	if err != nil {
		return r, err
	}
	r.perMembership = float64(took.Microseconds()) / float64(n)
	if r.peakMB, err = peakMB(h.Processes(planFunction)[0]); err != nil {
		return r, err
	}
	return r, s.allSent(ctx, n)
}

func runPlan(ctx context.Context, h *host.Host, want int64) (time.Duration, error) {
	event, err := json.Marshal(cron.Event{Cron: planFunction, Slot: time.Now()})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	result, err := h.Invoke(ctx, planFunction, event)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	var answer cron.Result
	if err := json.Unmarshal(result.Payload, &answer); err != nil || !answer.Ran || answer.Selected < want {
		return 0, fmt.Errorf("the cron answered %s after %s", result.Payload, took)
	}
	return took, nil
}

// allSent proves that every membership has its charge and that every charge's job was sent.
func (s *system) allSent(ctx context.Context, n int) error {
	var charges, sent int
	err := s.admin.QueryRow(ctx, "select (select count(*) from charges), (select count(*) from jobs where sent_at is not null)").Scan(&charges, &sent)
	if err == nil && (charges != n || sent != n) {
		err = fmt.Errorf("%d memberships came to %d charges and %d sent jobs", n, charges, sent)
	}
	return err
}

// purge empties the queue of charges.
func (s *system) purge(ctx context.Context) error {
	client := poller.NewClient(s.Variables["SQS_ENDPOINT_URL"], stores.Region)
	queue := s.queueURLPrefix() + executeQueue
	_, err := client.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &queue})
	return err
}

// queueURLPrefix is what functions build a queue's URL from.
func (s *system) queueURLPrefix() string {
	f, _ := s.Template.Function(planFunction) // function has found it before
	return f.Env["QUEUE_URL_PREFIX"]
}

// peakMB is the most memory that a process has held, as the kernel counted it.
func peakMB(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kB, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			return float64(kB) / 1024, err
		}
	}
	return 0, fmt.Errorf("the kernel does not tell the peak memory of process %d", pid)
}
