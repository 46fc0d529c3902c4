package memberapi

import (
	"context"
	"encoding/json"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// TimelineReader is what ListTimeline needs.
type TimelineReader interface {
	Timeline(ctx context.Context, c tenancy.Caller, member id.Member, before *member.Moment, limit int) ([]member.Happening, error)
}

// ListTimelineOp declares GET /v1/members/{id}/timeline.
var ListTimelineOp = api.Op{
	Name: "api-member-list-timeline", Method: api.GET, Path: "/v1/members/{id}/timeline",
	Summary: "What happened to a member, newest first; members read their own",
	Roles:   tenancy.People,
	Errors:  []*fail.Error{member.ErrNotFound},
	Needs:   []need.Need{need.Postgres},
}

type timelineInput struct {
	api.Page
	ID id.Member `path:"id"`
}

type happeningOutput struct {
	ID   id.Event       `json:"id"`
	At   time.Time      `json:"at"`
	Kind string         `json:"kind" example:"member.created"`
	By   string         `json:"by" enum:"member,staff,system"`
	Data map[string]any `json:"data" nullable:"false" doc:"What the kind is about: ids, names of fields; no personal data"`
}

type timelineOutput struct {
	Items      []happeningOutput `json:"items" nullable:"false"`
	NextCursor string            `json:"next_cursor,omitempty"`
}

// ListTimeline lists what happened to a member.
func ListTimeline(members TimelineReader) api.Endpoint {
	return api.New(ListTimelineOp, func(ctx context.Context, c api.Caller, in *timelineInput) (*timelineOutput, error) {
		before := &member.Moment{}
		if more, err := in.After(before); err != nil {
			return nil, err
		} else if !more {
			before = nil
		}
		rows, err := members.Timeline(ctx, c, in.ID, before, in.Limit+1)
		if err != nil {
			return nil, err
		}
		rows, next, err := api.CutPage(rows, in.Limit, func(h member.Happening) member.Moment { return member.Moment{At: h.At, ID: h.ID} })
		if err != nil {
			return nil, err
		}
		out := &timelineOutput{Items: []happeningOutput{}, NextCursor: next}
		for _, h := range rows {
			item := happeningOutput{ID: h.ID, At: h.At.UTC(), Kind: h.Kind, By: h.By}
			if err := json.Unmarshal(h.Data, &item.Data); err != nil {
				return nil, err
			}
			out.Items = append(out.Items, item)
		}
		return out, nil
	})
}
