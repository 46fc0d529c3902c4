package api

import (
	"context"

	"fitkit/shared/auth"
)

// Admins knows FitKit's own people; *postgres.SystemDB does.
type Admins interface {
	IsPlatformAdmin(ctx context.Context, clerkUser string) (bool, error)
}

// adminStepUp is how recently an admin must have proved who they are: what they do concerns every studio.
var adminStepUp = auth.StepUpStrictMFA

// admitAdmin lets FitKit's own people in, who lately proved who they are. To anybody else, and to whoever acts in an admin's
// name, the route is not there. A row taken away counts on the next request.
func admitAdmin(ctx context.Context, e *edge, s auth.Session, req *request) error {
	if s.ImpersonatorID != "" {
		return ErrNotFound
	}
	switch is, err := e.admins.IsPlatformAdmin(ctx, s.UserID); {
	case err != nil:
		return err
	case !is:
		return ErrNotFound
	}
	return StepUp(req.caller, adminStepUp)
}
