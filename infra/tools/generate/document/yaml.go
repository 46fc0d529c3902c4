package document

import (
	"bytes"

	"gopkg.in/yaml.v3"
)

// yamlOf writes doc with its top-level keys in the given order, all others sorted, and small things on one line.
func yamlOf(doc map[string]any, order ...string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("# Written by make generate from shared/catalog. Do not edit.\n")
	for _, key := range order {
		var node yaml.Node
		if err := node.Encode(map[string]any{key: doc[key]}); err != nil {
			return nil, err
		}
		tidy(&node)
		enc := yaml.NewEncoder(&out)
		enc.SetIndent(2)
		if err := enc.Encode(&node); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// tidy puts references and lists of words on one line each.
func tidy(n *yaml.Node) {
	plain := n.Kind == yaml.SequenceNode
	for _, c := range n.Content {
		tidy(c)
		plain = plain && c.Kind == yaml.ScalarNode
	}
	isRef := n.Kind == yaml.MappingNode && len(n.Content) > 0 && n.Content[0].Value == "$ref"
	if plain || isRef {
		n.Style = yaml.FlowStyle
	}
}
