package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"fitkit/infra/tools/generate/document"
	"fitkit/infra/tools/generate/stack"
	"fitkit/shared/catalog"
	"fitkit/shared/run"
)

// Files is every generated file by its path in the repository.
func Files(root string) (map[string][]byte, error) {
	made := map[string][]byte{}
	specs := catalog.All()
	if err := templates(root, specs, made); err != nil {
		return nil, err
	}
	made["docs/functions.md"] = document.Functions(specs)
	var err error
	if made["shared/platform/functions_list.go"], err = document.FunctionsList(specs); err != nil {
		return nil, err
	}
	if made["docs/errors.md"], err = document.Errors(specs); err != nil {
		return nil, err
	}
	made["clients/typescript/src/operations.ts"] = document.TypeScript(catalog.Endpoints())
	made["docs/openapi.yaml"], err = document.OpenAPI(catalog.Endpoints(), catalog.Hooks())
	return made, err
}

func templates(root string, specs []run.Spec, made map[string][]byte) error {
	stacks, err := Stacks(specs)
	if err != nil {
		return err
	}
	for _, s := range stacks {
		text, err := s.Render()
		if err != nil {
			return fmt.Errorf("the %s stack: %w", s.Domain, err)
		}
		made["infra/stacks/"+s.Domain+".yaml"] = text
	}
	current, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		return err
	}
	if made["template.yaml"], err = stack.Root(current, stacks); err != nil {
		return err
	}
	return previews(made)
}

// previews writes the stack of the test hooks, and the root template that has it.
func previews(made map[string][]byte) error {
	hooks, err := stack.New("testhooks", catalog.TestHooks())
	if err != nil {
		return err
	}
	if made["infra/stacks/testhooks.yaml"], err = hooks.Render(); err != nil {
		return err
	}
	made["template-preview.yaml"], err = stack.Preview(made["template.yaml"], hooks)
	return err
}

// Stacks plans one stack for each domain, sorted by name.
func Stacks(specs []run.Spec) ([]stack.Stack, error) {
	byDomain := map[string][]run.Spec{}
	for _, s := range specs {
		byDomain[catalog.Domain(s.Name)] = append(byDomain[catalog.Domain(s.Name)], s)
	}
	var out []stack.Stack
	var errs []error
	for _, domain := range slices.Sorted(maps.Keys(byDomain)) {
		s, err := stack.New(domain, byDomain[domain])
		out, errs = append(out, s), append(errs, err)
	}
	return out, errors.Join(errs...)
}
