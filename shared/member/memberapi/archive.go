package memberapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Archiver is what Archive needs.
type Archiver interface {
	Archive(ctx context.Context, c tenancy.Caller, member id.Member) (member.Member, error)
}

// ArchiveOp declares POST /v1/members/{id}/archive.
var ArchiveOp = api.Op{
	Name: "api-member-archive", Method: api.POST, Path: "/v1/members/{id}/archive",
	Summary: "Take a member without membership or debt off the lists; their past stays",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk},
	Errors:  []*fail.Error{member.ErrNotFound, member.ErrLiveMembership, member.ErrOpenCharge},
	Needs:   []need.Need{need.Postgres},
}

// Archive archives a member.
func Archive(members Archiver) api.Endpoint {
	return api.New(ArchiveOp, func(ctx context.Context, c api.Caller, in *getInput) (*CardOutput, error) {
		m, err := members.Archive(ctx, c, in.ID)
		if err != nil {
			return nil, err
		}
		return cardOut(m), nil
	})
}
