//go:build fitkit_testhooks

package auth

import (
	"context"
	"crypto/rsa"
)

// testKeyID and testKey are the built-in test key. Its private half is public, in
// shared/auth/authtest, so this file is compiled only under its tag and the switch for it
// (TEST_AUTH_BYPASS) is refused outside the test stages.
const testKeyID = "fitkit_test_key"

const testKey = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApfXJSiMy3/mVXfHzlSN9
wDIDc8y+5Lu4Z/cwKAIT+uV4JdC+qCbKKFdTiiDQ86PsIkDPom9rTefOz6hKxmTx
4lZL1Fb0gDvLgJMcAE0S8AS6MolMR0LZbVi44YaYMBrA9tRD6l9PjypCQQ+JTb0n
SNRbwG5ECBF+V0iHgpDjja1aqefVAxUoqguYEDvrgo9EuBuRoTp8uWDNnf2lmgpV
eOk4bpgvcb6VppcWHWcoCnSV65pHPp27mXvKKkRk+W9SuQ2qt+gZ0tGZaaOyhmuO
Pk0YkGw+s29MJ5R++VQXvg11XGrIejtmNeDGwfPeuMJZUBHaX433DXaFAJO+r+0g
8QIDAQAB
-----END PUBLIC KEY-----
`

// WithTestKey returns keys with the built-in test key added. A token under it must satisfy
// the policy like any other.
func WithTestKey(keys KeySource) (KeySource, error) {
	test, err := StaticKey(testKey)
	if err != nil {
		return nil, err
	}
	return withTestKey{keys, test}, nil
}

type withTestKey struct{ others, test KeySource }

func (w withTestKey) Key(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	if kid == testKeyID {
		return w.test.Key(ctx, kid)
	}
	return w.others.Key(ctx, kid)
}
