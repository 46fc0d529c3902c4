package neon

import (
	"context"
	"net/http"
	"net/url"
)

// ResetPassword gives a role of the branch a new password, which Address tells from then on, and waits until it counts. A branch begins
// with the passwords of what it was copied from. Neon chooses the new one: what a statement sets, its API need not know.
func (n *Client) ResetPassword(ctx context.Context, branch, role string) error {
	var answer struct{ Operations []operation }
	path := "/branches/" + url.PathEscape(branch) + "/roles/" + url.PathEscape(role) + "/reset_password"
	if err := n.call(ctx, http.MethodPost, path, nil, &answer); err != nil {
		return err
	}
	return n.finish(ctx, answer.Operations)
}
