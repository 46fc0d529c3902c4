package seal

import (
	"bytes"
	"encoding/hex"
	"testing"

	"fitkit/shared/vectors"
)

type wycheproof struct {
	TestGroups []struct {
		IVSize int
		Tests  []struct {
			TCID                       int
			Comment, Result            string
			Key, IV, AAD, Msg, CT, Tag hexBytes
		}
	}
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

// Every valid case with a 96-bit IV decrypts; every invalid one, and every other size of
// IV even where GCM itself would take it, is refused.
func TestWycheproof(t *testing.T) {
	cases := 0
	for _, group := range vectors.Load[wycheproof](t, "wycheproof_aes_gcm_256.json").TestGroups {
		for _, tc := range group.Tests {
			cases++
			aead, err := newAEAD([keySize]byte(tc.Key))
			if err != nil {
				t.Fatal(err)
			}
			box := bytes.Join([][]byte{tc.IV, tc.CT, tc.Tag}, nil)
			got, err := aead.Open(nil, nil, box, tc.AAD)
			if want := tc.Result == "valid" && group.IVSize == 8*nonceSize; (err == nil) != want {
				t.Errorf("case %d (%s, IV of %d bits): opened %v, want %v", tc.TCID, tc.Comment, group.IVSize, err == nil, want)
			} else if want && !bytes.Equal(got, tc.Msg) {
				t.Errorf("case %d: %x, want %x", tc.TCID, got, tc.Msg)
			}
		}
	}
	if cases == 0 {
		t.Fatal("the vector file holds no case")
	}
}
