package config

import (
	"bytes"
	"encoding/base64"
	"strings"

	"fitkit/shared/secret"
)

// knownSecret refuses a webhook's secret that anybody can guess where deliveries count: .env.example's, and whatever else
// is one byte over and over. Whoever knows it makes themselves the owner of any studio.
func knownSecret(stage, name string, s secret.Secret) []Problem {
	if stage == "local" || stage == "test" || stage == "ci" || s == "" {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Reveal(), "whsec_"))
	if err != nil || len(raw) == 0 || bytes.Count(raw, raw[:1]) < len(raw) {
		return nil // what is no secret at all is the verifier's to say
	}
	return []Problem{{name, "must not be the example's secret here: take the one that the provider shows for this endpoint"}}
}
