package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"fitkit/infra/local/template"
	"fitkit/shared/config"
)

// setting is one parameter of the parameter store.
type setting struct {
	Name, Type, Value string
	Version           int
}

// variable is the last part of its name.
func (s setting) variable() string { return path.Base(s.Name) }

// settings reads the stage's part of the parameter store; the values of secrets only when they are asked for.
func (r *Release) settings(ctx context.Context, secrets bool) (map[string]setting, error) {
	decrypt := "--no-with-decryption"
	if secrets {
		decrypt = "--with-decryption"
	}
	out, err := r.AWS(ctx, "ssm", "get-parameters-by-path", "--recursive", decrypt, "--path", "/fitkit/"+r.stage)
	if err != nil {
		return nil, fmt.Errorf("the settings of %s cannot be read; sign in to its account and try again (%w)", r.stage, err)
	}
	var answer struct{ Parameters []setting }
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, fmt.Errorf("the parameter store's answer: %w", err)
	}
	found, errs := map[string]setting{}, []error{}
	for _, s := range answer.Parameters {
		if place := r.place(s.variable()); place != "" && s.Name != place {
			r.astray = append(r.astray, s.Name)
			continue
		}
		if other, ok := found[s.variable()]; ok {
			errs = append(errs, fmt.Errorf("%s and %s are one variable: delete one of them", other.Name, s.Name))
		}
		found[s.variable()] = s
	}
	return found, errors.Join(errs...)
}

// fromStore are the variables that functions read from the store themselves, by name. All others have any domain they like.
var fromStore = sync.OnceValue(func() map[string]config.Variable {
	out := map[string]config.Variable{}
	for _, section := range config.All() {
		for _, v := range config.Variables(section) {
			if v.Domain != "" {
				out[v.Name] = v
			}
		}
	}
	return out
})

// place is where a variable that functions read themselves stands, the only name that their roles may read; empty for all others.
func (r *Release) place(variable string) string {
	if v, ok := fromStore()[variable]; ok {
		return v.Parameter(r.stage)
	}
	return ""
}

// declared is a parameter of the root template.
type declared struct {
	Default *string `yaml:"Default"`
	NoEcho  bool    `yaml:"NoEcho"`
}

// built is where make sam-build lays the root template out.
const built = ".aws-sam/build/template.yaml"

// template is the root template of the stage. A preview's has the test hooks, and is the pull request's own once that is built: main
// deploys it, and may have other parameters. It is read for their names alone.
func (r *Release) template() string {
	if r.stage != "preview" {
		return "template.yaml"
	}
	if _, err := os.Stat(filepath.Join(r.Root, built)); err == nil {
		return built
	}
	return "template-preview.yaml"
}

// parameters are what the stage's root template takes, by variable.
func (r *Release) parameters() (map[string]declared, map[string]string, error) {
	raw, err := os.ReadFile(filepath.Join(r.Root, r.template()))
	if err != nil {
		return nil, nil, err
	}
	var t struct {
		Parameters map[string]declared `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(raw, &t); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", r.template(), err)
	}
	byVariable, names := map[string]declared{}, map[string]string{}
	for name, d := range t.Parameters {
		byVariable[template.VariableName(name)], names[template.VariableName(name)] = d, name
	}
	return byVariable, names, nil
}

// values are all the template's parameters for this stage, by their names in the template, and the variables without a value. One
// that has no setting is given the template's default: of what is left out, CloudFormation keeps what the deployment before said.
func (r *Release) values(stored map[string]setting) (map[string]string, []string, error) {
	takes, names, err := r.parameters()
	if err != nil {
		return nil, nil, err
	}
	values, missing := map[string]string{}, []string{}
	for variable, d := range takes {
		value := r.argument(variable, stored)
		switch {
		case d.NoEcho && r.place(variable) == "" && value != "":
			return nil, nil, fmt.Errorf("%s is a secret that no function reads from the parameter store: give it a domain in shared/config", variable)
		case value != "":
			values[names[variable]] = value
		case d.Default == nil:
			missing = append(missing, variable)
		default:
			values[names[variable]] = *d.Default
		}
	}
	slices.Sort(missing)
	return values, missing, nil
}

// argument is what the template is given: where a variable stands, when the functions read it themselves. One that they can do
// without is named too, so that it counts as soon as it is stored. Encryption keys are named with their version: they change
// only by a deployment, all at once, after check-keys has proven that they open every value.
func (r *Release) argument(variable string, stored map[string]setting) string {
	v, ok := fromStore()[variable]
	if !ok || r.ofPreview(variable) != "" {
		return r.value(variable, stored)
	}
	s, isStored := stored[variable]
	switch {
	case v.Key && isStored:
		return fmt.Sprintf("ssm:%s:%d", s.Name, s.Version)
	case isStored || v.Optional && !v.Key:
		return "ssm:" + r.place(variable)
	}
	return ""
}

// fillsToo says which variable of a preview's environment fills another one too: tokens are issued for the origins that may call.
var fillsToo = map[string]string{"CLERK_AUTHORIZED_PARTIES": "ALLOWED_ORIGINS", "NEXT_PUBLIC_APP_URL": "FRONTEND_URL"}

// ofPreview is what the pull request's environment says of a variable.
func (r *Release) ofPreview(variable string) string {
	if r.stage != "preview" {
		return ""
	}
	for _, name := range []string{variable, fillsToo[variable]} {
		if v := r.Getenv(name); name != "" && v != "" {
			return v
		}
	}
	return ""
}

func (r *Release) value(variable string, stored map[string]setting) string {
	if variable == "STAGE" {
		return r.stage
	}
	return cmp.Or(r.ofDeployment(variable), r.ofPreview(variable), stored[variable].Value)
}

// Write puts the template's parameters into a file that only its owner can read: a preview's hold the address of its database.
func (r *Release) Write(ctx context.Context, file string) error {
	if !strings.HasSuffix(file, ".yaml") {
		return errors.New("say where to: parameters -out FILE.yaml")
	}
	stored, err := r.settings(ctx, false)
	if err != nil {
		return err
	}
	values, missing, err := r.values(stored)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return r.missing(missing)
	}
	text, err := json.MarshalIndent(values, "", "  ") // JSON is YAML whose values need no further quoting
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

func (r *Release) missing(variables []string) error {
	return fmt.Errorf("%s has no %s: put each into the parameter store as %s, and see .env.example for what it is",
		r.stage, strings.Join(variables, ", "), r.whereTo(variables...))
}

// whereTo is the name to store under; for several variables, or one that may stand anywhere, its form.
func (r *Release) whereTo(variables ...string) string {
	if len(variables) == 1 && r.place(variables[0]) != "" {
		return r.place(variables[0])
	}
	last := "<VARIABLE>"
	if len(variables) == 1 {
		last = variables[0]
	}
	if last == owner {
		return "/fitkit/" + r.stage + "/shared/" + owner
	}
	return "/fitkit/" + r.stage + "/<domain>/" + last
}

// Exec runs a command that reads the stage's settings from its environment, such as the migrations.
func (r *Release) Exec(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return errors.New("say what to run: exec -- COMMAND ARGS…")
	}
	stored, err := r.settings(ctx, true)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = os.Environ()
	for variable := range stored {
		cmd.Env = append(cmd.Env, variable+"="+r.value(variable, stored))
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, r.Out, os.Stderr
	return cmd.Run()
}
