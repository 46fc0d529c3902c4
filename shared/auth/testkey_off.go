//go:build !fitkit_testhooks

package auth

import "errors"

// WithTestKey fails: this binary was built without the test hooks, so a process that is
// told to accept test tokens must not start.
func WithTestKey(KeySource) (KeySource, error) {
	return nil, errors.New("auth: built without the tag fitkit_testhooks, no test key exists")
}
