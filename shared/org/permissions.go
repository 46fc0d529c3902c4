package org

import (
	"slices"

	"fitkit/shared/tenancy"
)

// permissions is what each role may do in words that front ends show and hide by: the operations' names without their
// trigger. The routes' own declarations decide; a test holds this table to the whole catalogue, so that get-me need not
// link every domain.
var permissions = []struct {
	roles      []tenancy.Role
	operations []string
}{
	{tenancy.People, []string{"member-get", "member-list-timeline", "membership-get", "membership-list", "membership-list-plans", "org-complete-upload",
		"org-create-upload", "org-get-me", "realtime-create-ticket"}},
	{tenancy.Staff, []string{"member-search", "org-get", "org-list-staff"}},
	{[]tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk, tenancy.Member}, []string{"billing-create-card-session", "billing-list-charges",
		"billing-list-payment-methods", "billing-remove-payment-method", "member-set-national-id", "member-update", "membership-preview-sale",
		"membership-sell"}},
	{[]tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk}, []string{"billing-create-charge", "billing-list-arrears", "billing-retry-charge",
		"member-archive", "member-create"}},
	{[]tenancy.Role{tenancy.Owner, tenancy.Manager}, []string{"billing-get-billing-proof", "billing-void-charge", "member-reveal-national-id",
		"membership-create-plan", "membership-publish-plan-version", "org-update"}},
	{[]tenancy.Role{tenancy.Owner}, []string{"billing-connect-gateway", "org-set-test-clock", "org-update-staff"}},
}

// Permissions lists what role may do, in alphabetical order. What a member may do is limited to what is theirs.
func Permissions(role tenancy.Role) []string {
	out := []string{}
	for _, p := range permissions {
		if slices.Contains(p.roles, role) {
			out = append(out, p.operations...)
		}
	}
	slices.Sort(out)
	return out
}
