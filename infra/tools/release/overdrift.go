package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// overDrift is the variable of a single deployment that may go over what somebody changed by hand: each change by its stack and its
// logical id, with commas between, as the refusal named it.
const overDrift = "DEPLOY_OVER_DRIFT"

var changeName = regexp.MustCompile(`^fitkit-[A-Za-z0-9-]+/[A-Za-z0-9]+$`)

// toldOver are the changes that this deployment was told to go over.
func (r *Release) toldOver() (out []string) {
	for name := range strings.SplitSeq(r.Getenv(overDrift), ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// nameless refuses what names no single change.
func (r *Release) nameless() error {
	for _, name := range r.toldOver() {
		if !changeName.MatchString(name) {
			return fmt.Errorf("%s holds %q: name each change as the refusal does, <stack>/<LogicalId>, with commas between", overDrift, name)
		}
	}
	return nil
}

// stackName is a stack's name; a nested one is listed by its ARN, arn:aws:cloudformation:…:stack/<name>/<id>.
func stackName(stack string) string {
	if _, after, ok := strings.Cut(stack, ":stack/"); ok {
		stack, _, _ = strings.Cut(after, "/")
	}
	return stack
}

// over leaves out the changes that the deployment may go over. One that is told and is none, or none any more, because the deployment is
// run again, is only spoken of: what was changed and is not told is refused all the same. What is told of another stage's
// stacks is that stage's business.
func (r *Release) over(found []string) (left []string) {
	told := r.toldOver()
	for _, name := range found {
		if slices.Contains(told, name) {
			fmt.Fprintf(r.Out, "Mind: %s was changed by hand, and this deployment goes over it, as %s says\n", name, overDrift)
		} else {
			left = append(left, name)
		}
	}
	for _, name := range told {
		stack, _, _ := strings.Cut(name, "/")
		ours := stack == r.stack || strings.HasPrefix(stack, r.stack+"-")
		if ours && changeName.MatchString(name) && !slices.Contains(found, name) {
			fmt.Fprintf(r.Out, "Mind: %s names %s, which is as it was deployed\n", overDrift, name)
		}
	}
	return left
}
