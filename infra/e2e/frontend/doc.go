// Package frontend tests what docs/testing-frontends.md promises: a platform with test hooks, called as a frontend's tests do.
package frontend
