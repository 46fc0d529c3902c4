package stack

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// In the root template, what stands between these lines is written; the rest is kept by hand.
const (
	stacksBegin  = "  # The domains' stacks, written by make generate."
	stacksEnd    = "  # End of the domains' stacks."
	outputsBegin = "  # Function URLs, written by make generate."
	outputsEnd   = "  # End of the function URLs."
)

// Root is the root template with its list of stacks brought up to date. It refuses when a stack asks for a parameter
// that the root does not have, or the root would show a secret.
func Root(current []byte, stacks []Stack) ([]byte, error) {
	if err := checkParameters(current, stacks); err != nil {
		return nil, err
	}
	var list, urls bytes.Buffer
	for _, s := range stacks {
		if err := templates.ExecuteTemplate(&list, "nested.tmpl", s); err != nil {
			return nil, err
		}
		for _, f := range s.URLs() {
			fmt.Fprintf(&urls, "  %s: {Value: !GetAtt %s.Outputs.%sUrl}\n", Title(f.Name), Title(s.Domain), f.ID)
		}
	}
	out, err := between(string(current), stacksBegin, stacksEnd, list.String())
	if err != nil {
		return nil, err
	}
	out, err = between(out, outputsBegin, outputsEnd, urls.String())
	return []byte(out), err
}

func between(text, begin, end, inner string) (string, error) {
	before, rest, ok := strings.Cut(text, begin+"\n")
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return "", fmt.Errorf("template.yaml lacks the line %q or %q", begin, end)
	}
	return before + begin + "\n" + inner + end + after, nil
}

// passed are the values that the root makes itself. Providers are told an address that was given, or else the stack's own: a preview
// would send its notices to another stack.
var passed = map[string]string{"Prefix": "!Ref AWS::StackName", "ApiId": "!Ref HttpApi",
	"PublicApiUrl": "!If [OwnPublicApiUrl, !Ref PublicApiUrl, !If [HasDomain, !Sub 'https://${ApiDomain}', !GetAtt HttpApi.ApiEndpoint]]"}

// Argument is what the root passes for the parameter.
func (p Parameter) Argument() string {
	if made, ok := passed[p.Name]; ok {
		return made
	}
	return "!Ref " + p.Name
}

func checkParameters(root []byte, stacks []Stack) error {
	var t struct {
		Parameters map[string]struct {
			NoEcho bool `yaml:"NoEcho"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(root, &t); err != nil {
		return fmt.Errorf("template.yaml: %w", err)
	}
	var errs []error
	said := map[string]bool{}
	for _, s := range stacks {
		for _, p := range s.Parameters {
			have, ok := t.Parameters[p.Name]
			switch {
			case passed[p.Name] != "" || said[p.Name]:
			case !ok:
				errs = append(errs, fmt.Errorf("template.yaml has no parameter %s, which the %s stack takes: add it (secret: %v)", p.Name, s.Domain, p.Secret))
			case p.Secret && !have.NoEcho:
				errs = append(errs, fmt.Errorf("template.yaml would show %s, which is a secret: add NoEcho: true", p.Name))
			}
			said[p.Name] = true
		}
	}
	return errors.Join(errs...)
}
