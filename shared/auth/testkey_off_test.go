//go:build !fitkit_testhooks

package auth

import (
	"bytes"
	"go/build"
	"os"
	"slices"
	"testing"

	"fitkit/shared/auth/authtest"
)

func TestWithoutTheTagTestTokensCannotBeSwitchedOn(t *testing.T) {
	if keys, err := WithTestKey(keyMap(nil)); err == nil || keys != nil {
		t.Fatal("a binary without the hooks accepted the switch")
	}
}

func TestWithoutTheTagNoFileHoldsTheTestKey(t *testing.T) {
	pkg, err := build.Default.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(pkg.Imports, "fitkit/shared/auth/authtest") {
		t.Fatal("the package links the private half of the test key")
	}
	for _, file := range pkg.GoFiles {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(source, []byte(authtest.TestKeyID)) {
			t.Errorf("%s is linked and names the test key", file)
		}
	}
}
