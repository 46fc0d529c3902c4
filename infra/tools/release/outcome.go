package main

import (
	"context"
	"fmt"
	"strings"
)

// migrated is what stands once the migrations are through, whatever becomes of the rest of the deployment.
const migrated = "the schema is already this release's, which the version before runs on (docs/decisions/018), and the database's logins have the passwords of the parameter store; nothing needs to be undone"

// Outcome says what a deployment that failed at a step has left behind, and what to do. It is always an error.
func (r *Release) Outcome(ctx context.Context, step string) error {
	switch step {
	case "migration":
		return fmt.Errorf("the deployment of %s stopped at its migrations, and no function was changed: what was applied before the error above stays, and the version before runs on it (docs/decisions/018); nothing needs to be undone. Repair the error and deploy again",
			r.stack)
	case "keys":
		return fmt.Errorf("the deployment of %s stopped at its encryption keys, and no function was changed: %s. Put the keys right as said above and deploy again", r.stack, migrated)
	case "deployment":
		return r.outcome(ctx)
	}
	return fmt.Errorf("a deployment fails at its migration, its keys or its deployment, not at %q", step)
}

func (r *Release) outcome(ctx context.Context) error {
	status, err := r.status(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("the deployment failed, and the state of %s cannot be read: look in the CloudFormation console before trying again. In the database %s", r.stack, migrated)
	case status == "" || status == "REVIEW_IN_PROGRESS":
		return fmt.Errorf("the deployment failed before anything of %s existed. In the database %s. Repair the first error above and deploy again", r.stack, migrated)
	case status == "ROLLBACK_COMPLETE":
		return fmt.Errorf("the first deployment of %s failed and was taken back: delete the empty stack, repair the first error above, and deploy again. In the database %s", r.stack, migrated)
	case status == "UPDATE_ROLLBACK_FAILED" || status == "ROLLBACK_FAILED":
		return fmt.Errorf("the deployment failed and %s could not be taken back whole (%s): continue the rollback in the CloudFormation console. In the database %s", r.stack, status, migrated)
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return fmt.Errorf("a deployment of %s is under way (%s): wait until it is over, and look whether it was this one before trying again. In the database %s", r.stack, status, migrated)
	case status == "UPDATE_ROLLBACK_COMPLETE":
		return fmt.Errorf("the deployment failed and no function was changed: %s runs the version before (%s). In the database %s. Repair the first error above and deploy again", r.stack, status, migrated)
	}
	return fmt.Errorf("the deployment failed, and %s is whole (%s): read the first error above for whether its update began, and when it did not, the version before runs. In the database %s. Repair the error and deploy again",
		r.stack, status, migrated)
}
