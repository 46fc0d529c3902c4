package config_test

import (
	"reflect"
	"strings"
	"testing"

	"fitkit/shared/config"
)

// Every address of every section, so that one which comes later is held without a line here. Red when only the scheme was
// looked at, and when staging was left out.
func TestSandboxesAreRefusedWhereMoneyIsReal(t *testing.T) {
	addresses := map[string]bool{
		"https://api.vendor.example": true, "https://api.vendor.example:8443/v1": true,
		"http://api.vendor.example": false, "http://127.0.0.1:3102": false, "http://localhost:3102": false,
		"https://127.0.0.1": false, "https://127.8.9.1": false, "https://[::1]": false, "https://[::ffff:127.0.0.1]": false, "https://0.0.0.0": false,
		"https://localhost": false, "https://LOCALHOST.": false, "https://cardcom.localhost": false,
	}
	fields := 0
	for _, section := range config.All() {
		v := reflect.ValueOf(section).Elem()
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag
			if tag.Get("check") != "url" {
				continue
			}
			fields++
			for address, ok := range addresses {
				v.Field(i).SetString(address)
				for _, stage := range []string{"local", "test", "ci", "preview", "staging", "production"} {
					err := config.Guard(stage, section)
					blamed := err != nil && strings.Contains(err.Error(), tag.Get("env")+": must be an address with TLS")
					if want := !ok && (stage == "staging" || stage == "production"); blamed != want {
						t.Errorf("%s=%s on %s: refused is %t", tag.Get("env"), address, stage, blamed)
					}
				}
			}
			v.Field(i).SetString("")
		}
	}
	if fields < 10 {
		t.Errorf("only %d addresses", fields)
	}
}
