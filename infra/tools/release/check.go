package main

import (
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
	errs = append(errs, r.built())
	stored, err := r.settings(ctx, true)
	if err != nil {
		return errors.Join(append(errs, err)...) // whoever is not let in is asked nothing more
	}
	errs = append(errs, r.copied(stored), r.hooks(stored))
	_, missing, err := r.values(stored)
	errs = append(errs, err)
	if len(missing) > 0 {
		errs = append(errs, r.missing(missing))
	}
	if err := errors.Join(append(errs, r.drift(ctx))...); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "%s can be deployed to %s.\n", r.stage, r.stack)
	return nil
}

// built says what is wrong with what make sam-build laid out: a preview's build holds the test hooks, and no other does.
func (r *Release) built() error {
	text, err := os.ReadFile(filepath.Join(r.Root, ".aws-sam/build/template.yaml"))
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

// drift names what was changed by hand in the stack or in one of its domains' stacks: the deployment would undo it, or fail.
func (r *Release) drift(ctx context.Context) error {
	var list struct {
		StackResourceSummaries []struct{ ResourceType, PhysicalResourceId string }
	}
	err := r.ask(ctx, &list, "list-stack-resources", "--stack-name", r.stack)
	if err != nil && strings.Contains(err.Error(), "does not exist") {
		return nil // the first deployment
	}
	errs := []error{err}
	stacks := []string{r.stack}
	for _, s := range list.StackResourceSummaries {
		if s.ResourceType == "AWS::CloudFormation::Stack" {
			stacks = append(stacks, s.PhysicalResourceId)
		}
	}
	for _, stack := range stacks {
		if err == nil {
			errs = append(errs, r.driftOf(ctx, stack))
		}
	}
	return errors.Join(errs...)
}

func (r *Release) driftOf(ctx context.Context, stack string) error {
	var started struct{ StackDriftDetectionId string }
	if err := r.ask(ctx, &started, "detect-stack-drift", "--stack-name", stack); err != nil {
		return err
	}
	var found struct{ DetectionStatus, StackDriftStatus string }
	for {
		err := r.ask(ctx, &found, "describe-stack-drift-detection-status", "--stack-drift-detection-id", started.StackDriftDetectionId)
		if err != nil {
			return err
		}
		if found.DetectionStatus != "DETECTION_IN_PROGRESS" {
			break
		}
		r.Wait()
	}
	if found.StackDriftStatus != "DRIFTED" {
		return nil
	}
	var drifts struct {
		StackResourceDrifts []struct{ LogicalResourceId string }
	}
	if err := r.ask(ctx, &drifts, "describe-stack-resource-drifts", "--stack-name", stack,
		"--stack-resource-drift-status-filters", "MODIFIED", "DELETED"); err != nil {
		return err
	}
	var names []string
	for _, d := range drifts.StackResourceDrifts {
		names = append(names, d.LogicalResourceId)
	}
	return fmt.Errorf("somebody changed %s of the stack %s by hand: put the change into the templates, or take it back, and deploy then",
		strings.Join(names, ", "), stack)
}

// Outcome says what a deployment that failed has left behind.
func (r *Release) Outcome(ctx context.Context) error {
	var answer struct {
		Stacks []struct{ StackStatus string }
	}
	err := r.ask(ctx, &answer, "describe-stacks", "--stack-name", r.stack)
	switch {
	case err != nil && strings.Contains(err.Error(), "does not exist"):
		return fmt.Errorf("the deployment failed before %s existed, so nothing was changed: read the first error above", r.stack)
	case err != nil || len(answer.Stacks) == 0:
		return fmt.Errorf("the deployment failed, and the state of %s cannot be read: look in the CloudFormation console before trying again", r.stack)
	}
	switch status := answer.Stacks[0].StackStatus; {
	case status == "ROLLBACK_COMPLETE":
		return fmt.Errorf("the first deployment of %s failed and was taken back: delete the empty stack, repair the first error above, and deploy again", r.stack)
	case status == "UPDATE_ROLLBACK_FAILED" || status == "ROLLBACK_FAILED":
		return fmt.Errorf("the deployment failed and %s could not be taken back whole (%s): continue the rollback in the CloudFormation console", r.stack, status)
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return fmt.Errorf("another deployment of %s is under way (%s): wait until it is over", r.stack, status)
	default:
		return fmt.Errorf("the deployment failed and nothing was changed: %s still runs the version before (%s); repair the first error above", r.stack, status)
	}
}
