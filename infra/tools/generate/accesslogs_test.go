package main

import (
	"strings"
	"testing"
)

// What AWS's own services write to a log group is allowed by one policy of the account, of at most 5,120 characters, which gets a line
// for each group and keeps those of stacks that are gone. Groups under /aws/vendedlogs are spared that. Red with the former name in
// either template.
func TestAccessLogsUseNothingUpThatTheAccountHasOnce(t *testing.T) {
	for _, file := range []string{"template.yaml", "template-preview.yaml"} {
		s := conditioned(t, file)
		delivered := 0
		for id, r := range s.Resources {
			settings := value(&r.Properties, "AccessLogSettings")
			if settings.IsZero() {
				continue
			}
			delivered++
			group := s.Resources[attributeOf(value(settings, "DestinationArn"), "Arn")]
			if name := value(&group.Properties, "LogGroupName").Value; !strings.HasPrefix(name, "/aws/vendedlogs/fitkit/${AWS::StackName}/") {
				t.Errorf("%s: the access log of %s goes to %q", file, id, name)
			}
		}
		if delivered != 1 {
			t.Errorf("%s has %d access logs", file, delivered)
		}
	}
}
