package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fitkit/shared/secret"
)

var (
	keyA  = secret.Secret(strings.Repeat("a1", 32))
	keyB  = secret.Secret(strings.Repeat("b2", 32))
	place = Place{Org: "0190f6f5-0000-7000-8000-000000000001", Table: "member_secrets", Column: "national_id_ct", Row: "m1"}
)

func ring(t testing.TB, active secret.Secret, previous ...secret.Secret) *Ring {
	t.Helper()
	r, err := NewRing(active, previous)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnEnvelopeOpensOnlyAtItsPlace(t *testing.T) {
	r := ring(t, keyA)
	for name, elsewhere := range map[string]Place{
		"another organisation":          {Org: "other", Table: place.Table, Column: place.Column, Row: place.Row},
		"another table":                 {Org: place.Org, Table: "gateways", Column: place.Column, Row: place.Row},
		"another column":                {Org: place.Org, Table: place.Table, Column: "creds_ct", Row: place.Row},
		"another row":                   {Org: place.Org, Table: place.Table, Column: place.Column, Row: "m2"},
		"the same letters cut elsewise": {Org: place.Org + "m", Table: place.Table[1:], Column: place.Column, Row: place.Row},
		"no place at all":               {},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := r.Open(r.Seal([]byte("123456782"), place), elsewhere); !errors.Is(err, ErrOpen) {
				t.Fatalf("opened or failed otherwise: %v", err)
			}
		})
	}
}

func TestWhatIsSealedOpensAgain(t *testing.T) {
	r := ring(t, keyA)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		at := Place{rapid.String().Draw(t, "org"), rapid.String().Draw(t, "table"), rapid.String().Draw(t, "column"), rapid.String().Draw(t, "row")}
		envelope := r.Seal(text, at)
		got, err := r.Open(envelope, at)
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("got %x, %v", got, err)
		}
		if want := headerSize + nonceSize + len(text) + tagSize; len(envelope) != want || envelope[0] != version {
			t.Fatalf("envelope of %d bytes and version %d, want %d and %d", len(envelope), envelope[0], want, version)
		}
	})
}

func TestEverySingleBitCounts(t *testing.T) {
	r := ring(t, keyA)
	for sample := range 100 {
		envelope := r.Seal(bytes.Repeat([]byte{byte(sample)}, sample), place)
		for bit := range 8 * len(envelope) {
			envelope[bit/8] ^= 1 << (bit % 8)
			_, err := r.Open(envelope, place)
			inKeyID := bit/8 >= 1 && bit/8 < headerSize
			if want := map[bool]error{true: ErrUnknownKey, false: ErrOpen}[inKeyID]; !errors.Is(err, want) {
				t.Fatalf("sample %d, bit %d: %v, want %v", sample, bit, err, want)
			}
			envelope[bit/8] ^= 1 << (bit % 8)
		}
	}
}

func TestCutEnvelopesDoNotOpen(t *testing.T) {
	r := ring(t, keyA)
	envelope := r.Seal([]byte("x"), place)
	for n := range len(envelope) {
		if _, err := r.Open(envelope[:n], place); !errors.Is(err, ErrOpen) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestARotationReadsTheOldAndWritesTheNew(t *testing.T) {
	old := ring(t, keyA)
	written := old.Seal([]byte("secret"), place)

	both := ring(t, keyB, keyA)
	if got, err := both.Open(written, place); err != nil || string(got) != "secret" {
		t.Fatalf("the new ring does not read the old value: %q, %v", got, err)
	}
	if id, err := KeyOf(both.Seal([]byte("secret"), place)); err != nil || id != both.ActiveKey() || id == old.ActiveKey() {
		t.Fatalf("written under %s, %v", id, err)
	}
	if _, err := ring(t, keyB).Open(written, place); !errors.Is(err, ErrUnknownKey) || errors.Is(err, ErrOpen) {
		t.Fatalf("a dropped key must be its own error, got %v", err)
	}
}

// With NIGHTLY=1 these are ten million (S8), in 120 MB. Red with a nonce of which only five bytes are left to chance, by night; with
// three, always.
func TestNoncesDoNotRepeat(t *testing.T) {
	n := 100_000
	if os.Getenv("NIGHTLY") == "1" {
		n = 10_000_000
	}
	r := ring(t, keyA)
	seen := make([][nonceSize]byte, n)
	for i := range seen {
		seen[i] = [nonceSize]byte(r.Seal(nil, place)[headerSize:])
	}
	slices.SortFunc(seen, func(a, b [nonceSize]byte) int { return bytes.Compare(a[:], b[:]) })
	for i := range seen[1:] {
		if seen[i] == seen[i+1] {
			t.Fatalf("nonce %x came twice", seen[i])
		}
	}
}

func TestUnusableKeysAreRefusedWithoutBeingShown(t *testing.T) {
	for name, key := range map[string]secret.Secret{
		"empty":              "",
		"short":              keyA[:62],
		"long":               keyA + "a1",
		"not hexadecimal":    "zz" + keyA[2:],
		"with a line's end":  keyA + "\n",
		"the raw 32 letters": secret.Secret(strings.Repeat("k", 32)),
	} {
		t.Run(name, func(t *testing.T) {
			_, asActive := NewRing(key, nil)
			_, asPrevious := NewRing(keyB, []secret.Secret{key})
			_, asIndex := NewBlindIndex(key)
			for _, err := range []error{asActive, asPrevious, asIndex} {
				if !errors.Is(err, ErrKey) {
					t.Fatalf("got %v", err)
				}
				if key != "" && strings.Contains(err.Error(), key.Reveal()) {
					t.Fatalf("the error shows the key: %v", err)
				}
			}
		})
	}
}

// Two keys of one id would make an envelope open under the wrong one; these two were found
// by search.
func TestTwoKeysOfOneIDDoNotShareARing(t *testing.T) {
	one, other := secret.Secret(strings.Repeat("0", 60)+"c493"), secret.Secret(strings.Repeat("0", 60)+"d3f4")
	if ring(t, one).ActiveKey() != ring(t, other).ActiveKey() {
		t.Fatal("the two keys no longer share an id")
	}
	if _, err := NewRing(one, []secret.Secret{other}); !errors.Is(err, ErrKey) {
		t.Fatalf("got %v", err)
	}
	if _, err := NewRing(one, []secret.Secret{one}); err != nil {
		t.Fatalf("the same key twice is harmless: %v", err)
	}
}

func TestTheDevelopmentKeyIsKnown(t *testing.T) {
	if !IsDevelopmentKey(secret.Secret(strings.Repeat("0", 64))) || IsDevelopmentKey(keyA) || IsDevelopmentKey("") {
		t.Fatal("64 zeros, and nothing else, are the development key")
	}
	if _, err := NewRing(secret.Secret(strings.Repeat("0", 64)), nil); err != nil {
		t.Fatalf("a laptop must start with the development key: %v", err)
	}
}

func TestKeysArePrintedByNoVerb(t *testing.T) {
	index, err := NewBlindIndex(keyA)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		out := fmt.Sprintf(verb+" "+verb, ring(t, keyA), index)
		if strings.Contains(out, keyA.Reveal()) || strings.Contains(out, "161") {
			t.Errorf("%s shows a key: %s", verb, out)
		}
	}
}

func TestBlindIndexesMatchOnlyWithinOneOrganisationAndField(t *testing.T) {
	index := func(key secret.Secret) *BlindIndex {
		b, err := NewBlindIndex(key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sum := index(keyA).Sum("org1", "national_id", "123456782")
	if !bytes.Equal(sum, index(keyA).Sum("org1", "national_id", "123456782")) || len(sum) != 32 {
		t.Fatal("the same value must give the same 32 bytes")
	}
	for name, other := range map[string][]byte{
		"another organisation":          index(keyA).Sum("org2", "national_id", "123456782"),
		"another field":                 index(keyA).Sum("org1", "phone", "123456782"),
		"another value":                 index(keyA).Sum("org1", "national_id", "111111118"),
		"another key":                   index(keyB).Sum("org1", "national_id", "123456782"),
		"the same letters cut elsewise": index(keyA).Sum("org1n", "ational_id", "123456782"),
	} {
		if bytes.Equal(sum, other) {
			t.Errorf("%s gives the same digest", name)
		}
	}
}
