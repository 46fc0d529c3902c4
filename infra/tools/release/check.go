package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Check says everything that would stop the deployment, or be undone by it, before it begins.
func (r *Release) Check(ctx context.Context) error {
	var errs []error
	errs = append(errs, r.built(), r.told())
	stored, err := r.settings(ctx, true)
	if err != nil {
		return errors.Join(append(errs, err)...) // whoever is not let in is asked nothing more
	}
	errs = append(errs, r.sound(stored), r.hooks(stored), r.watched(stored), r.ownAddress(stored), r.apart(stored))
	first, err := r.ready(ctx)
	r.room(ctx)
	if errs = append(errs, err); err == nil && !first {
		errs = append(errs, r.former(ctx, stored), r.drift(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "%s can be deployed to %s.\n", r.stage, r.stack)
	return nil
}

// built says what is wrong with what make sam-build laid out: a preview's build holds the test hooks, and no other does.
func (r *Release) built() error {
	text, err := os.ReadFile(filepath.Join(r.Root, built))
	hooks := strings.Contains(string(text), "TestHooksEnabled")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("nothing is built yet: run make sam-build first")
	case err != nil:
		return err
	case hooks && r.stage != "preview":
		return fmt.Errorf("what is built holds the test hooks, which %s must not have: run make sam-build without TESTHOOKS", r.stage)
	case !hooks && r.stage == "preview":
		return errors.New("what is built lacks the test hooks of a preview: run make sam-build TESTHOOKS=1")
	}
	return nil
}

// hooks refuses the settings of test hooks to a stage that has none, whatever their values are.
func (r *Release) hooks(stored map[string]setting) error {
	var errs []error
	for _, variable := range []string{"TEST_AUTH_BYPASS", "TEST_HOOKS_ENABLED", "TEST_SEED_SECRET"} {
		if s, ok := stored[variable]; ok && r.stage != "preview" {
			errs = append(errs, fmt.Errorf("%s must not have %s, which is for tests: delete %s", r.stage, variable, s.Name))
		}
	}
	return errors.Join(errs...)
}

// ask runs an aws cloudformation command and reads its answer.
func (r *Release) ask(ctx context.Context, into any, command string, args ...string) error {
	out, err := r.AWS(ctx, append([]string{"cloudformation", command}, args...)...)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}

// ready refuses a stack that CloudFormation would not update as it stands, and says whether there is nothing to update yet.
func (r *Release) ready(ctx context.Context) (first bool, err error) {
	status, err := r.status(ctx)
	switch {
	case err != nil:
		return false, fmt.Errorf("the state of %s cannot be read; sign in to the account of %s and try again (%w)", r.stack, r.stage, err)
	case status == "" || status == "REVIEW_IN_PROGRESS": // a change set was made, and nothing by it
		return true, nil
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return false, fmt.Errorf("another deployment of %s is under way (%s): wait until it is over, and deploy then", r.stack, status)
	case status == "ROLLBACK_COMPLETE" || status == "ROLLBACK_FAILED" || status == "CREATE_FAILED" || status == "DELETE_FAILED":
		return false, fmt.Errorf("%s was never whole (%s) and cannot be updated: delete the stack, and deploy then", r.stack, status)
	case status == "UPDATE_ROLLBACK_FAILED" || status == "UPDATE_FAILED":
		return false, fmt.Errorf("%s stands between two versions (%s): continue the rollback in the CloudFormation console, and deploy then", r.stack, status)
	}
	return false, nil
}

// status is the stack's; empty when there is none.
func (r *Release) status(ctx context.Context) (string, error) {
	var answer struct {
		Stacks []struct{ StackStatus string }
	}
	err := r.ask(ctx, &answer, "describe-stacks", "--stack-name", r.stack)
	switch {
	case err != nil && strings.Contains(err.Error(), "does not exist"):
		return "", nil
	case err != nil:
		return "", err
	case len(answer.Stacks) == 0:
		return "", errors.New("aws names no stack")
	}
	return answer.Stacks[0].StackStatus, nil
}

// drift names what was changed by hand in the stack or in one of its domains' stacks: the deployment would undo it, or fail.
func (r *Release) drift(ctx context.Context) error {
	var list struct {
		StackResourceSummaries []struct{ ResourceType, PhysicalResourceId string }
	}
	if err := r.ask(ctx, &list, "list-stack-resources", "--stack-name", r.stack); err != nil {
		return err
	}
	stacks := []string{r.stack}
	for _, s := range list.StackResourceSummaries {
		if s.ResourceType == "AWS::CloudFormation::Stack" {
			stacks = append(stacks, s.PhysicalResourceId)
		}
	}
	var changes []string
	var errs []error
	for _, stack := range stacks {
		found, err := r.driftOf(ctx, stack)
		changes, errs = append(changes, found...), append(errs, err)
	}
	if left := r.over(changes); len(left) > 0 {
		errs = append(errs, fmt.Errorf("somebody changed %s by hand: put the change into the templates, or take it back, and deploy then (or go over it, this once, with %s=%s)",
			strings.Join(left, ", "), overDrift, strings.Join(left, ",")))
	}
	return errors.Join(errs...)
}

// driftOf is what was changed by hand in one stack, each as <stack>/<LogicalId>. What could not be compared is an error beside it.
func (r *Release) driftOf(ctx context.Context, stack string) (changes []string, blind error) {
	var started struct{ StackDriftDetectionId string }
	if err := r.ask(ctx, &started, "detect-stack-drift", "--stack-name", stack); err != nil {
		return nil, err
	}
	var found struct{ DetectionStatus, DetectionStatusReason, StackDriftStatus string }
	for {
		err := r.ask(ctx, &found, "describe-stack-drift-detection-status", "--stack-drift-detection-id", started.StackDriftDetectionId)
		if err != nil {
			return nil, err
		}
		if found.DetectionStatus != "DETECTION_IN_PROGRESS" {
			break
		}
		r.Wait()
	}
	if found.DetectionStatus != "DETECTION_COMPLETE" { // a resource that could not be compared may be the one that somebody changed
		blind = fmt.Errorf("whether somebody changed %s by hand cannot be told (%s: %s): give the role that deploys the right to read what is named there, or detect drift again when AWS answers, and deploy then",
			stackName(stack), found.DetectionStatus, cmp.Or(found.DetectionStatusReason, "AWS gives no reason; the CloudFormation console names the resource"))
	}
	if found.StackDriftStatus != "DRIFTED" {
		return nil, blind
	}
	var drifts struct {
		StackResourceDrifts []struct{ LogicalResourceId string }
	}
	if err := r.ask(ctx, &drifts, "describe-stack-resource-drifts", "--stack-name", stack,
		"--stack-resource-drift-status-filters", "MODIFIED", "DELETED"); err != nil {
		return nil, errors.Join(blind, err)
	}
	for _, d := range drifts.StackResourceDrifts {
		changes = append(changes, stackName(stack)+"/"+d.LogicalResourceId)
	}
	return changes, blind
}
