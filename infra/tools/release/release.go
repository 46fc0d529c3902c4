package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// region is where everything is: close to the database. samconfig.toml says the same.
const region = "eu-central-1"

// Release is one deployment of one stage.
type Release struct {
	AWS    func(ctx context.Context, args ...string) ([]byte, error) // the aws command's output
	Getenv func(string) string
	Root   string
	Out    io.Writer
	Wait   func() // between two questions after something that takes time

	stage, stack string
	astray       []string // parameters under names that no function may read
}

var previewStack = regexp.MustCompile(`^fitkit-pr-[1-9][0-9]{0,7}$`)

// choose checks what can be checked without asking anybody: the stage, its stack and the region.
func (r *Release) choose(stage string) error {
	switch r.stage = stage; stage {
	case "staging":
		r.stack = "fitkit-staging"
	case "production":
		r.stack = "fitkit-prod"
	case "preview":
		if r.stack = r.Getenv("STACK"); !previewStack.MatchString(r.stack) {
			return fmt.Errorf("a preview needs its stack's name: set STACK=fitkit-pr-<number of the pull request>")
		}
	case "":
		return errors.New("say which stage: STAGE=preview, STAGE=staging or STAGE=production")
	default:
		return fmt.Errorf("there is no stage %q to deploy to: take preview, staging or production (local and test run by make dev and make test)", stage)
	}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if have := r.Getenv(name); have != "" && have != region {
			return fmt.Errorf("%s is %s, and FitKit runs in %s: set it to %s, or unset it", name, have, region, region)
		}
	}
	return nil
}

// awsCLI runs the aws command. What it complains of is the error.
func awsCLI(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "aws", append(args, "--region", region, "--output", "json")...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("the aws command is not installed: see https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html")
	case err != nil:
		return nil, fmt.Errorf("aws %s %s: %s", args[0], args[1], line(complaint.String()))
	}
	return out, nil
}

// line is the sentence that names an error of AWS's, after which newer commands tell its details; else the last one.
func line(complaint string) string {
	lines := strings.Split(strings.TrimSpace(complaint), "\n")
	if at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "An error occurred (") }); at >= 0 {
		return lines[at]
	}
	return lines[len(lines)-1]
}
