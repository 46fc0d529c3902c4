// Command keys prints fresh encryption keys as lines for .env. Each run prints others; nothing is kept.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

const keySize = 32 // bytes, for AES-256

func main() {
	for _, name := range []string{"PAYMENT_CREDENTIALS_ENCRYPTION_KEY", "NATIONAL_ID_ENCRYPTION_KEY", "NATIONAL_ID_INDEX_KEY"} {
		fmt.Println(name + "=" + fresh())
	}
}

func fresh() string {
	var key [keySize]byte
	_, _ = rand.Read(key[:]) // never fails: the runtime ends the process instead
	return hex.EncodeToString(key[:])
}
