package memberapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Searcher is what Search needs.
type Searcher interface {
	Search(ctx context.Context, c tenancy.Caller, q member.Query) ([]member.Member, error)
}

// SearchOp declares POST /v1/members/search. What is looked for is personal data, so it travels in the body.
var SearchOp = api.Op{
	Name: "api-member-search", Method: api.POST, Path: "/v1/members/search", Read: true,
	Summary: "Find members by name, phone, e-mail or national ID",
	Roles:   tenancy.Staff,
	Needs:   []need.Need{need.Postgres, need.NationalIDIndex},

	PerMinute: 600,
}

type searchInput struct {
	api.Page
	Body struct {
		Text   string `json:"text,omitempty" maxLength:"200" doc:"Parts of a name in any order, in Hebrew or Latin; a phone or part of one; an e-mail address; an Israeli ID. Empty: everybody"`
		Status string `json:"status,omitempty" enum:"active,archived,all" default:"active"`
	}
}

type searchOutput struct {
	Items      []CardOutput `json:"items" nullable:"false"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

// Search lists the members that match, names that begin with the text first.
func Search(members Searcher) api.Endpoint {
	return api.New(SearchOp, func(ctx context.Context, c api.Caller, in *searchInput) (*searchOutput, error) {
		q := member.Query{Text: in.Body.Text, Status: in.Body.Status, Limit: in.Limit + 1}
		if _, err := in.After(&q.After); err != nil {
			return nil, err
		}
		rows, err := members.Search(ctx, c, q)
		if err != nil {
			return nil, err
		}
		rows, next, err := api.CutPage(rows, in.Limit, func(m member.Member) id.Member { return m.ID })
		out := &searchOutput{Items: []CardOutput{}, NextCursor: next}
		for _, m := range rows {
			out.Items = append(out.Items, *cardOut(m))
		}
		return out, err
	})
}
