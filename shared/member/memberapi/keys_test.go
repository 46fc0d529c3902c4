package memberapi_test

import (
	"strings"
	"testing"

	"fitkit/shared/config"
	"fitkit/shared/member/memberapi"
	"fitkit/shared/need"
)

// Red with the ring's keys and the index's in one section: the search then gets what opens every number.
func TestASearchHasNoKeyThatOpensANationalID(t *testing.T) {
	for _, section := range need.Sections(memberapi.SearchOp.Spec().Needs) {
		for _, v := range config.Variables(section) {
			if strings.HasPrefix(v.Name, "NATIONAL_ID_ENCRYPTION_KEY") {
				t.Errorf("it reads %s", v.Name)
			}
		}
	}
}
