package config

import (
	"net/netip"
	"net/url"
	"reflect"
	"strings"
)

// outside refuses the addresses of sandboxes where money and people are real: a third party is reached by TLS, and never on
// the machine itself.
func outside(stage string, section any) []Problem {
	if stage != "staging" && stage != "production" {
		return nil
	}
	var problems []Problem
	v := reflect.Indirect(reflect.ValueOf(section))
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if kind := f.Tag.Get("check"); kind != "url" && kind != "websocket" {
			continue
		}
		if text := v.Field(i).String(); text != "" && !public(text) {
			problems = append(problems, Problem{f.Tag.Get("env"), "must be an address with TLS outside this machine: sandboxes are for development"})
		}
	}
	return problems
}

func public(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "wss" {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.Unmap().IsLoopback() && !ip.IsUnspecified()
	}
	return host != "localhost" && !strings.HasSuffix(host, ".localhost")
}
