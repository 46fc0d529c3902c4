// Package stack writes the SAM templates: one for each domain, and the list of them in the root template. Everything in
// them follows from the functions' declarations; the texts are in the .tmpl files beside this one.
package stack

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"fitkit/shared/config"
	"fitkit/shared/need"
	"fitkit/shared/run"
)

//go:embed *.tmpl
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"seconds": seconds, "title": Title, "lower": strings.ToLower}).ParseFS(files, "*.tmpl"))

// Stack is one domain's template.
type Stack struct {
	Domain     string
	Functions  []Function
	Parameters []Parameter // sorted by name; only those the stack uses
}

// Parameter is a value that the stack gets from its parent.
type Parameter struct {
	Name   string // CamelCase of the variable
	Secret bool
}

// Function is a declaration with the names that its template gives to things.
type Function struct {
	run.Spec
	Domain  string
	ID      string // logical id: ApiCreateCharge
	Env     []Variable
	Secrets []string // parameters of the store that it may read
	Sends   []string // queues that it may send to
	Counts  []string // queues whose messages it may count
}

// Variable is one line of a function's environment.
type Variable struct{ Name, Value string }

// New plans the stack of a domain.
func New(domain string, specs []run.Spec) (Stack, error) {
	s := Stack{Domain: domain}
	params := map[string]bool{"Prefix": false, "LogRetentionDays": false}
	var errs []error
	for _, spec := range specs {
		f := Function{Spec: spec, Domain: domain, ID: logicalID(domain, spec.Name)}
		f.Env, f.Secrets = environment(spec, params), secrets(spec)
		for _, n := range spec.Needs {
			switch {
			case n.Kind == "send" && !slices.Contains(f.Sends, n.Queue):
				f.Sends = append(f.Sends, n.Queue)
			case n.Kind == "watch" && !slices.Contains(f.Counts, n.Queue):
				f.Counts = append(f.Counts, n.Queue, n.Queue+"-dlq")
			}
		}
		slices.Sort(f.Sends)
		slices.Sort(f.Counts)
		errs = append(errs, f.use(params))
		s.Functions = append(s.Functions, f)
	}
	for name, secret := range params {
		s.Parameters = append(s.Parameters, Parameter{name, secret})
	}
	slices.SortFunc(s.Parameters, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return s, errors.Join(append(errs, s.checkSockets())...)
}

// use notes the parameters that the function's trigger asks for.
func (f Function) use(params map[string]bool) error {
	if f.MovesMoney() || len(f.Alarms) > 0 || f.Socket != nil {
		params["AlarmTopicArn"] = false
	}
	if f.Gradual() {
		params["DeployAtOnce"] = false
	}
	switch {
	case f.Route != nil && f.Route.Front == run.URL:
		params["AllowedOrigins"] = false
	case f.Route != nil:
		params["ApiId"] = false
	case f.Queue != nil:
		params["AlarmTopicArn"] = false
	case f.Schedule != nil:
		params["AlarmTopicArn"], params["CronsEnabled"] = false, false
		_, err := switchOf(f.Schedule.Expression)
		return fail(f.Name, err)
	}
	return nil
}

func fail(function string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", function, err)
}

// environment is what the needs' settings read, each from its parameter, and what the Go runtime wants to know. What
// Lambda sets by itself is left out.
func environment(spec run.Spec, params map[string]bool) []Variable {
	var out []Variable
	seen := map[string]bool{} // two needs may read one variable
	for _, section := range need.Sections(spec.Needs) {
		for _, v := range config.Variables(section) {
			switch {
			case strings.HasPrefix(v.Name, "AWS_") || seen[v.Name]:
			case v.Name == "QUEUE_URL_PREFIX":
				params["SqsEndpointUrl"] = false
				out = append(out, Variable{v.Name, queueURLPrefix})
			case v.Name == "REALTIME_URL":
				params["RealtimeUrl"], params["RealtimeDomain"], params["RealtimeCertificateArn"] = false, false, false
				out = append(out, Variable{v.Name, realtimeURL})
			default:
				params[ParameterName(v.Name)] = v.Secret
				out = append(out, Variable{v.Name, "!Ref " + ParameterName(v.Name)})
			}
			seen[v.Name] = true
		}
	}
	return append(out, Variable{"GOMEMLIMIT", fmt.Sprintf("%dMiB", spec.Memory*85/100)})
}

// Secrets is how many parameters of the store the function reads when it starts, and again as they age.
func Secrets(spec run.Spec) int { return len(secrets(spec)) }

// secrets are the parameters of the store that the needs' settings may refer to, in the stage that the stack belongs to.
func secrets(spec run.Spec) []string {
	var out []string
	for _, section := range need.Sections(spec.Needs) {
		for _, v := range config.Variables(section) {
			if v.Domain != "" {
				out = append(out, v.Parameter("${Stage}"))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// queueURLPrefix stands before a queue's name; a local SQS has the same addresses under its own host.
const queueURLPrefix = "!If [LocalQueues, !Sub '${SqsEndpointUrl}/${AWS::AccountId}/${Prefix}-', " +
	"!Sub 'https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${Prefix}-']"

// Render is the template's text.
func (s Stack) Render() ([]byte, error) {
	var out bytes.Buffer
	err := templates.ExecuteTemplate(&out, "stack.tmpl", s)
	return out.Bytes(), err
}

// Has says whether the stack takes a parameter.
func (s Stack) Has(parameter string) bool {
	return slices.ContainsFunc(s.Parameters, func(p Parameter) bool { return p.Name == parameter })
}

// Crons are the stack's scheduled functions.
func (s Stack) Crons() []Function {
	return slices.DeleteFunc(slices.Clone(s.Functions), func(f Function) bool { return f.Schedule == nil })
}

// URLs are the functions with an address of their own.
func (s Stack) URLs() []Function {
	return slices.DeleteFunc(slices.Clone(s.Functions), func(f Function) bool { return f.Route == nil || f.Route.Front != run.URL })
}
