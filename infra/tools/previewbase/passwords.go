package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fitkit/shared/neon"
)

// roles are those whose addresses a preview is given (neonbranch). A branch begins with production's passwords.
var roles = []string{"fitkit_app", "fitkit_system", "fitkit_owner"}

// renew gives each role a password of the base's own, through Neon, whose API tells previews the address with it, and tries both: the
// new one is let in, and production's no more.
func renew(ctx context.Context, n *neon.Client, branch string) error {
	for _, role := range roles {
		former, err := n.Address(ctx, branch, role, false)
		if err != nil {
			return err
		}
		if err := n.ResetPassword(ctx, branch, role); err != nil {
			return err
		}
		own, err := n.Address(ctx, branch, role, false)
		if err != nil {
			return err
		}
		if in, err := lets(ctx, own); err != nil || !in {
			return errors.Join(fmt.Errorf("the branch does not let %s in with its new password: try again", role), err)
		}
		if in, err := lets(ctx, former); err != nil || in {
			return errors.Join(fmt.Errorf("whether the branch refuses production's password of %s is not proven: make no base until Neon resets it", role), err)
		}
	}
	return nil
}

// lets says whether the address is let in. Only an answer of the server counts for a no.
func lets(ctx context.Context, address string) (bool, error) {
	conn, err := pgx.Connect(ctx, address)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		return false, nil
	case err != nil:
		return false, errors.New("it cannot be reached") // pgx's own words hold the address
	}
	return true, conn.Close(context.WithoutCancel(ctx))
}
