package main

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
)

// apart refuses an object store at a host of ours: files are what strangers sent, and a page of theirs there would be taken for one of
// the app's, with its cookies and its storage.
func (r *Release) apart(stored map[string]setting) error {
	store := host(r.value("S3_ENDPOINT_URL", stored))
	if store == "" { // R2 has its own
		return nil
	}
	for _, variable := range []string{"NEXT_PUBLIC_APP_URL", "ALLOWED_ORIGINS", "PUBLIC_API_URL", "API_DOMAIN", "REALTIME_URL", "REALTIME_DOMAIN"} {
		for address := range strings.SplitSeq(r.value(variable, stored), ",") {
			if host(address) == store {
				return fmt.Errorf("%s would serve uploaded files from the host of %s: give the object store a host of its own in %s",
					r.stage, variable, cmp.Or(stored["S3_ENDPOINT_URL"].Name, r.whereTo("S3_ENDPOINT_URL")))
			}
		}
	}
	return nil
}

// host is the name in an address, or the name itself, as browsers compare names.
func host(address string) string {
	address = strings.TrimSpace(address)
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		address = u.Hostname()
	}
	return strings.TrimSuffix(strings.ToLower(address), ".")
}
