// Package seed fills a running platform with a studio to look at, in Hebrew, through the front door alone: Clerk's
// sandbox, FitKit's API and Cardcom's hosted page. Its people and its clients serve the demo too.
package seed

import "fitkit/shared/testhooks/peopletest"

// MemberAt is the i-th person, from 0.
func MemberAt(i int) peopletest.Person { return peopletest.At(i) }

// NationalID is the i-th person's.
func NationalID(i int) string { return peopletest.NationalID(i) }
