package template

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// VariableName is the environment variable that feeds a root parameter: NationalIdIndexKey asks for
// NATIONAL_ID_INDEX_KEY. Digits stay with the word before them, runs of capitals are one word.
func VariableName(parameter string) string {
	runes := []rune(parameter)
	var b strings.Builder
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) {
			afterWord := !unicode.IsUpper(runes[i-1])
			beforeWord := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterWord || beforeWord {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// bind fills the parameters from given values and defaults, and reports all that have neither or break a rule.
func (s *stack) bind(given map[string]value, hint func(name string) string) error {
	var errs []error
	for _, name := range sortedKeys(s.declared) {
		decl := s.declared[name]
		v, ok := given[name]
		if !ok {
			v, ok = s.parameterDefault(decl)
		}
		if !ok {
			errs = append(errs, s.errorAt(decl, "parameter %s has no value and no default%s", name, hint(name)))
			continue
		}
		if err := s.checkParameter(name, decl, v); err != nil {
			errs = append(errs, err)
		}
		s.params[name] = splitList(decl, v)
	}
	return errors.Join(errs...)
}

// parameterDefault reads Default. The default of an SSM parameter is a name in the parameter store, which does
// not exist here, so it counts as none.
func (s *stack) parameterDefault(decl *yaml.Node) (value, bool) {
	d := child(decl, "Default")
	if d == nil || strings.HasPrefix(scalar(child(decl, "Type")), "AWS::SSM::") {
		return nil, false
	}
	return d.Value, true
}

func (s *stack) checkParameter(name string, decl *yaml.Node, v value) error {
	text, ok := v.(string)
	if !ok {
		return nil
	}
	if allowed := child(decl, "AllowedValues"); allowed != nil {
		var values []string
		for _, n := range allowed.Content {
			values = append(values, n.Value)
		}
		if !slices.Contains(values, text) {
			return s.errorAt(decl, "parameter %s must be one of %s", name, strings.Join(values, ", "))
		}
	}
	if pattern := scalar(child(decl, "AllowedPattern")); pattern != "" {
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return s.errorAt(decl, "parameter %s: %v", name, err)
		}
		if !re.MatchString(text) {
			return s.errorAt(decl, "parameter %s does not match %s", name, pattern)
		}
	}
	return nil
}

// splitList turns the text of a list parameter into its items.
func splitList(decl *yaml.Node, v value) value {
	kind := scalar(child(decl, "Type"))
	text, ok := v.(string)
	if !ok || kind != "CommaDelimitedList" && !strings.HasPrefix(kind, "List<") {
		return v
	}
	items := []value{}
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
