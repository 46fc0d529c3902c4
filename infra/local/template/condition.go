package template

import "gopkg.in/yaml.v3"

// holds decides a named condition; the empty name always holds.
func (s *stack) holds(n *yaml.Node) (bool, error) {
	if n == nil {
		return true, nil
	}
	name := n.Value
	if s.deciding[name] {
		return false, s.errorAt(n, "condition %q depends on itself", name)
	}
	s.deciding[name] = true
	defer delete(s.deciding, name)
	return s.truth(s.conditions[name])
}

func (s *stack) truth(n *yaml.Node) (bool, error) {
	v, err := s.eval(n)
	if err != nil {
		return false, err
	}
	switch v {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, s.errorAt(n, "a condition must be made of Equals, And, Or, Not and Condition")
}

func verdict(b bool, err error) (value, error) {
	if b {
		return "true", err
	}
	return "false", err
}

func (s *stack) fnCondition(_, arg *yaml.Node) (value, error) { return verdict(s.holds(arg)) }

func (s *stack) fnIf(_, arg *yaml.Node) (value, error) {
	yes, err := s.holds(arg.Content[0])
	if err != nil {
		return nil, err
	}
	if yes {
		return s.eval(arg.Content[1])
	}
	return s.eval(arg.Content[2])
}

func (s *stack) fnEquals(n, arg *yaml.Node) (value, error) {
	if len(arg.Content) != 2 {
		return nil, s.errorAt(n, "Fn::Equals takes two values")
	}
	a, err := s.eval(arg.Content[0])
	if err != nil {
		return nil, err
	}
	b, err := s.eval(arg.Content[1])
	return verdict(equal(a, b), err)
}

func (s *stack) fnNot(n, arg *yaml.Node) (value, error) {
	if len(arg.Content) != 1 {
		return nil, s.errorAt(n, "Fn::Not takes one condition")
	}
	b, err := s.truth(arg.Content[0])
	return verdict(!b, err)
}

func (s *stack) fnAnd(_, arg *yaml.Node) (value, error) {
	for _, c := range arg.Content {
		if b, err := s.truth(c); err != nil || !b {
			return verdict(false, err)
		}
	}
	return verdict(true, nil)
}

func (s *stack) fnOr(_, arg *yaml.Node) (value, error) {
	for _, c := range arg.Content {
		if b, err := s.truth(c); err != nil || b {
			return verdict(b, err)
		}
	}
	return verdict(false, nil)
}
