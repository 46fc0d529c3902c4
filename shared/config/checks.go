package config

import (
	"net/url"
	"strings"
	"time"
)

// openAddress is the rule of addresses that are printed as they are.
const openAddress = "must hold no name and no password: addresses are printed"

// check returns the rule that text breaks, or "". The text itself is never part of a rule.
func check(kind, text string) string {
	switch kind {
	case "postgres":
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Host == "" {
			return "must be a postgres:// URL"
		}
	case "redis":
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Host == "" {
			return "must be a redis:// or rediss:// URL"
		}
	case "url":
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return "must be an http:// or https:// URL"
		}
		if u.User != nil {
			return openAddress
		}
	case "websocket":
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "ws" && u.Scheme != "wss") || u.Host == "" || u.RawQuery != "" || strings.HasSuffix(text, "/") {
			return "must be a ws:// or wss:// URL without a query or a slash at its end"
		}
		if u.User != nil {
			return openAddress
		}
	case "origins":
		return checkOrigins(text)
	case "key":
		return checkKeys(text)
	case "seed_secret":
		return checkSeedSecret(text)
	case "compliance_store":
		if text != "s3" && text != "r2" {
			return "must be s3 (Object Lock) or r2 (bucket lock rules)"
		}
	case "instant":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return "must be an instant such as 2026-03-01T12:00:00Z"
		}
	case "stage":
		switch text {
		case "local", "test", "ci", "preview", "staging", "production":
		default:
			return "must be one of local, test, ci, preview, staging, production"
		}
	}
	return ""
}

func checkOrigins(text string) string {
	for origin := range strings.SplitSeq(text, ",") {
		u, err := url.Parse(strings.TrimSpace(origin))
		if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
			strings.Contains(origin, "*") {
			return "must be a list of exact origins such as https://app.example.com, with commas between, no wildcard and no path"
		}
	}
	return ""
}

func checkKeys(text string) string {
	for key := range strings.SplitSeq(text, ",") {
		key = strings.TrimSpace(key)
		if len(key) != 64 || strings.Trim(key, "0123456789abcdefABCDEF") != "" {
			return "must be 64 hexadecimal characters (make keys prints one)"
		}
	}
	return ""
}
