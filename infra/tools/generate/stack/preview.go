package stack

import (
	"bytes"
	"fmt"
	"strings"
)

// What stands in the root template where a preview's differs.
const (
	title        = "# FitKit: one HTTP API,"
	stages       = "AllowedValues: [local, test, ci, preview, staging, production]"
	afterBypass  = "  PaymentCredentialsEncryptionKey: {Type"
	runsCrons    = "CronsEnabled: {Type: String, Default: 'true'"
	someHaveIf   = "\nConditions:\n"
	previewTitle = "# Written by make generate from template.yaml: the same with the test hooks, no stage but those that may have them,\n# and no schedule that nobody asked for.\n"
)

// Preview is the root template of previews and of the local platform with test hooks: the one given, with their stack. Stages
// with real people are no values of its parameter, so CloudFormation itself refuses it there. Schedules are off: many previews of
// one provider's test terminal would charge, and each run costs.
func Preview(root []byte, hooks Stack) ([]byte, error) {
	var nested bytes.Buffer
	if err := templates.ExecuteTemplate(&nested, "nested.tmpl", hooks); err != nil {
		return nil, err
	}
	app := strings.Replace(nested.String(), "Type: AWS::Serverless::Application\n", "Type: AWS::Serverless::Application\n    Condition: HasTestHooks\n", 1)
	text := string(root)
	for _, change := range []struct{ before, insert, instead string }{
		{before: title, insert: previewTitle},
		{before: stages, instead: "AllowedValues: [local, test, ci, preview]"},
		{before: afterBypass, insert: "  TestHooksEnabled: {Type: String, Default: 'false', AllowedValues: ['true', 'false']}\n  TestSeedSecret: {Type: String, Default: '', NoEcho: true}\n"},
		{before: runsCrons, instead: "CronsEnabled: {Type: String, Default: 'false'"},
		{before: someHaveIf, instead: someHaveIf + "  HasTestHooks: !Equals [!Ref TestHooksEnabled, 'true']\n"},
		{before: stacksEnd, insert: app},
	} {
		if n := strings.Count(text, change.before); n != 1 {
			return nil, fmt.Errorf("template.yaml has %q %d times, and template-preview.yaml is made where it stands once", change.before, n)
		}
		if change.instead == "" {
			change.instead = change.insert + change.before
		}
		text = strings.Replace(text, change.before, change.instead, 1)
	}
	return []byte(text), checkParameters([]byte(text), []Stack{hooks})
}
