package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	"fitkit/infra/local/seed"
)

// endMemberships is the schedule that ends what is over; it runs when a test says so.
const endMemberships = "cron-membership-apply-events"

// formerMembers are how many people of each studio once had a membership that is over by now.
const formerMembers = 4

// former makes people who had a free day some days ago, through the front door.
func (s *studio) former(ctx context.Context, n int) (people []string, err error) {
	owner := seed.Client{API: running.Addresses.API, Token: func(context.Context) (string, error) { return s.tokens["owner"], nil }}
	post := func(path string, in any) (made string, err error) {
		var out struct {
			ID string `json:"id"`
		}
		err = owner.Do(ctx, http.MethodPost, path, rand.Text(), in, &out)
		return out.ID, err
	}
	plan, err := post("/v1/plans", map[string]string{"name": "יום מתנה " + rand.Text(), "type": "trial"})
	if err != nil {
		return nil, err
	}
	if _, err := post("/v1/plans/"+plan+"/versions", map[string]any{"price_agorot": 0, "pay_mode": "upfront", "validity_days": 1}); err != nil {
		return nil, err
	}
	for i := range n {
		who, err := post("/v1/members", map[string]string{"name": fmt.Sprintf("מתאמנת לשעבר %d", i)})
		if err != nil {
			return nil, err
		}
		start := time.Now().AddDate(0, 0, -5).Format(time.DateOnly)
		if _, err := post("/v1/sales", map[string]any{"member_id": who, "plan_id": plan, "price_agorot": 0, "start_on": start}); err != nil {
			return nil, err
		}
		people = append(people, who)
	}
	return people, nil
}

// runEnd runs the schedule for a slot of its own: one slot has one run.
func runEnd(ctx context.Context) error {
	got, err := running.Scheduler.RunNow(ctx, endMemberships, time.Now().Add(time.Duration(made.Add(1))*time.Second))
	if err == nil && got.FunctionError != "" {
		err = fmt.Errorf("%s: %s", endMemberships, got.Payload)
	}
	return err
}

// TestWhoOnceBoughtCanBeArchived: red with the schedule not run, as with one that ends nothing.
func TestWhoOnceBoughtCanBeArchived(t *testing.T) {
	people, err := a.former(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	archive := request{op: operationNamed(t, "api-member-archive"), path: map[string]string{"id": people[0]}}
	if got := archive.as(a, "owner").send(t); got.text("code") != "member.has_live_membership" {
		t.Fatalf("before the schedule has run: %s", got)
	}
	if err := runEnd(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := archive.as(a, "owner").send(t); !got.ok() || got.text("status") != "archived" {
		t.Fatalf("after it: %s", got)
	}
}
