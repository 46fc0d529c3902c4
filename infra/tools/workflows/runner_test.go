package workflows

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runner does what GitHub's does with a workflow: its jobs by their needs, their steps in order, each in a shell of its own,
// with the variables that the file gives it and no others.
type runner struct {
	t       *testing.T
	path    string            // PATH, with the stand-ins first
	machine []string          // variables of the machine, which every step has
	known   map[string]string // expressions and what they stand for here
	calls   string            // what the stand-ins were called with
	summary strings.Builder   // what its jobs tell people
	laid    []string          // folders that the build uploaded
}

var expression = regexp.MustCompile(`\$\{\{\s*(.+?)\s*\}\}`)

// text replaces the expressions of a value. One that nobody knows (a misspelt output, a variable of no repository) is an error.
func (r *runner) text(where, value string) string {
	return expression.ReplaceAllStringFunc(value, func(whole string) string {
		name := expression.FindStringSubmatch(whole)[1]
		got, ok := r.known[name]
		if !ok {
			r.t.Errorf("%s: nothing is known of ${{ %s }}", where, name)
		}
		return got
	})
}

func (r *runner) texts(where string, values map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range values {
		out[name] = r.text(where+", "+name, value)
	}
	return out
}

// workflow runs a whole file. A job that calls another file runs that one, with the inputs that it gives.
func (r *runner) workflow(name string, inputs map[string]string) {
	w, ok := all(r.t)[name]
	if !ok {
		r.t.Fatalf("no workflow is named %s", name)
	}
	before := r.known
	defer func() { r.known = before }()
	r.known = maps.Clone(before)
	call, _ := w.On["workflow_call"].(map[string]any)
	declared, _ := call["inputs"].(map[string]any)
	for input, given := range inputs {
		if declared[input] == nil {
			r.t.Errorf("%s is given %s, which it does not know", name, input)
		}
		r.known["inputs."+input] = given
	}
	for input, is := range declared {
		if _, given := inputs[input]; !given && is.(map[string]any)["required"] == true {
			r.t.Errorf("%s is not given %s", name, input)
		} else if !given {
			r.known["inputs."+input] = fmt.Sprint(is.(map[string]any)["default"])
		}
	}
	done := map[string]bool{}
	for len(done) < len(w.Jobs) {
		ran := false
		for _, id := range slices.Sorted(maps.Keys(w.Jobs)) {
			j := w.Jobs[id]
			if done[id] || slices.ContainsFunc(j.Needs, func(other string) bool { return !done[other] }) {
				continue
			}
			done[id], ran = true, true
			if called, ok := strings.CutPrefix(j.Uses, "./.github/workflows/"); ok {
				r.workflow(called, r.texts(name+", "+id, j.With))
			} else {
				r.job(name+", "+id, w, id)
			}
		}
		if !ran {
			r.t.Fatalf("%s: no job may start: one needs what is not there", name)
		}
	}
}

// job runs in a checkout of its own. What it tells other jobs is known from then on.
func (r *runner) job(where string, w workflow, id string) {
	j := w.Jobs[id]
	c := newCheckout(r.t)
	env := r.texts(where, w.Env)
	maps.Copy(env, r.texts(where, j.Env))
	r.known["runner.temp"] = c.temp
	r.text(where+", concurrency", j.Concurrency.Group)
	for n, s := range j.Steps {
		at := fmt.Sprintf("%s, step %d", where, n+1)
		if strings.HasPrefix(s.Uses, "actions/upload-artifact@") {
			r.laid = strings.Fields(s.With["path"])
		}
		if s.Uses != "" {
			c.laid = r.laid
			c.uses(at, s.Uses, r.texts(at, s.With), env)
			continue
		}
		own := maps.Clone(env)
		maps.Copy(own, r.texts(at, s.Env))
		if !r.run(at, c, s.Run, own) {
			return // as there, nothing follows a step that failed
		}
		r.summary.WriteString(c.text("GITHUB_STEP_SUMMARY"))
		maps.Copy(env, c.told("GITHUB_ENV"))
		for name, value := range c.told("GITHUB_OUTPUT") {
			r.known["steps."+s.ID+".outputs."+name] = value
		}
	}
	for name, value := range j.Outputs {
		r.known["needs."+id+".outputs."+name] = r.text(where+", "+name, value)
	}
}

// run runs a step as GitHub's shell does. What builds and tests is only planned: make says every command, and runs none.
func (r *runner) run(where string, c *checkout, command string, env map[string]string) bool {
	if targets, ok := strings.CutPrefix(command, "make "); ok && !slices.ContainsFunc(strings.Fields(targets), func(word string) bool { return !planned[word] }) {
		command = "make --dry-run " + targets
	}
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", command)
	cmd.Dir = c.dir
	cmd.Env = slices.Concat(r.machine, []string{"PATH=" + r.path, "HOME=" + c.temp, "CALLS=" + r.calls, "RUNNER_TEMP=" + c.temp, "GITHUB_REPOSITORY=acme/fitkit"})
	for _, file := range files {
		cmd.Env = append(cmd.Env, file+"="+filepath.Join(c.temp, file))
	}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Errorf("%s: %s: %v\n%s", where, command, err, out)
		return false
	}
	return true
}

// files are what a step writes to for later ones.
var files = []string{"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"}

// checkout is a job's folder: what scripts and the Makefile reach of the repository, and what earlier jobs left to be downloaded.
type checkout struct {
	t         *testing.T
	dir, temp string
	laid      []string
}

func newCheckout(t *testing.T) *checkout {
	c := &checkout{t: t, dir: t.TempDir(), temp: t.TempDir()}
	from, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range []string{"Makefile", "infra", "clients", "functions", "migrations", "samconfig.toml"} {
		if err := os.Symlink(filepath.Join(from, entry), filepath.Join(c.dir, entry)); err != nil {
			t.Fatal(err)
		}
	}
	c.put(filepath.Join(c.dir, ".local/venv/ready"), "", 0o644) // SAM's commands are installed
	c.put(filepath.Join(c.dir, ".local/venv/bin/sam"), "#!/bin/sh\nexec sam \"$@\"\n", 0o755)
	return c
}

func (c *checkout) put(path, text string, mode os.FileMode) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		c.t.Fatal(err)
	}
}

// uses stands for the actions that leave something to later steps.
func (c *checkout) uses(where, action string, with, env map[string]string) {
	action, _, _ = strings.Cut(action, "@")
	switch action {
	case "actions/download-artifact":
		for file, text := range map[string]string{".aws-sam/build/template.yaml": "Resources: {}\n", ".local/zips/api-a.zip": "PK", ".local/migrations/00001_a.sql": "-- +goose Up\n"} {
			if slices.Contains(c.laid, filepath.Dir(file)) {
				c.put(filepath.Join(with["path"], file), text, 0o644)
			}
		}
	case "aws-actions/configure-aws-credentials":
		if with["role-to-assume"] == "" || with["aws-region"] != "eu-central-1" {
			c.t.Errorf("%s: signs in with %v", where, with)
		}
		env["AWS_SESSION_TOKEN"] = "of " + with["role-to-assume"]
	}
}

// text reads and empties a file.
func (c *checkout) text(file string) string {
	raw, err := os.ReadFile(filepath.Join(c.temp, file))
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(c.temp, file)) // not there when nothing was told
	return string(raw)
}

// told reads and empties a file of NAME=value lines.
func (c *checkout) told(file string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(c.text(file)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			out[name] = value
		}
	}
	return out
}
