package ssm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"fitkit/shared/ssm/ssmtest"
)

var keys = Keys{ID: ssmtest.KeyID, Secret: ssmtest.KeySecret, Token: ssmtest.KeyToken}

// TestTheSignatureIsTheSDKs signs the same requests by both. It was red without the date among the signed headers.
func TestTheSignatureIsTheSDKs(t *testing.T) {
	for _, k := range []Keys{keys, {ID: keys.ID, Secret: keys.Secret}} {
		for _, body := range []string{"", `{"Names":["/fitkit/staging/shared/DATABASE_URL:3"],"WithDecryption":true}`, strings.Repeat("é", 5000)} {
			var got [2]string
			for i := range got {
				req, err := http.NewRequest(http.MethodPost, "https://ssm.eu-central-1.amazonaws.com/", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.ContentLength = -1 // the SDK signs a length, too, where there is one, which the service does not ask for
				req.Header.Set("Content-Type", "application/x-amz-json-1.1")
				req.Header.Set("X-Amz-Target", "AmazonSSM.GetParameters")
				now := time.Date(2026, 3, 1, 23, 59, 59, 0, time.FixedZone("", 7200))
				if i == 0 {
					sign(req, []byte(body), k, "eu-central-1", now)
				} else {
					sum := sha256.Sum256([]byte(body))
					err = v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret.Reveal(), SessionToken: k.Token.Reveal()},
						req, hex.EncodeToString(sum[:]), service, "eu-central-1", now)
				}
				got[i] = req.Header.Get("Authorization")
				if err != nil {
					t.Fatal(err)
				}
			}
			if got[0] != got[1] {
				t.Errorf("ours\n%s\nthe SDK's\n%s", got[0], got[1])
			}
		}
	}
}

// client asks a store, without pauses between its tries.
func client(t *testing.T) (*Client, *ssmtest.Store) {
	t.Helper()
	store := ssmtest.New(t)
	c := New(store.URL, ssmtest.Region, keys)
	c.rest = func(context.Context, int) error { return nil }
	return c, store
}

func TestParametersAreReadTenAtATimeAndVersionsByTheirName(t *testing.T) {
	c, store := client(t)
	has, names := map[string]string{"/a:3": "third"}, []string{"/missing", "/a:3"}
	for i := range 12 {
		name := fmt.Sprintf("/p%d", i)
		has[name], names = fmt.Sprint("value ", i), append(names, name)
	}
	for name, value := range has {
		store.Put(name, value)
	}
	got, err := c.Get(t.Context(), names)
	if err != nil || !maps.Equal(got, has) || store.Calls() != 2 {
		t.Errorf("%v %v in %d calls", got, err, store.Calls())
	}
}

// TestAStrangersKeyIsNotLetIn shows that the store of the tests looks at signatures.
func TestAStrangersKeyIsNotLetIn(t *testing.T) {
	c, _ := client(t)
	c.keys.Secret += "x"
	if _, err := c.Get(t.Context(), []string{"/a"}); Code(err) != "InvalidSignatureException" {
		t.Error(err)
	}
}

// TestOnlyWhatMayPassIsTriedAgain has been red with a fourth try, and with a denial tried again.
func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	once := func(f func(http.ResponseWriter) bool) func(http.ResponseWriter) bool {
		calls := 0
		return func(w http.ResponseWriter) bool { calls++; return calls == 1 && f(w) }
	}
	cut := func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }
	throttled := ssmtest.Refuse(400, `{"__type":"ThrottlingException","message":"Rate exceeded: hush"}`)
	for name, tc := range map[string]struct {
		before func(http.ResponseWriter) bool
		calls  int
		code   string
	}{
		"throttled once":        {once(throttled), 2, ""},
		"throttled":             {throttled, 3, "ThrottlingException"},
		"an error of theirs":    {ssmtest.Refuse(500, `{"__type":"com.amazonaws.ssm#InternalServerError"}`), 3, "InternalServerError"},
		"a proxy's error":       {ssmtest.Refuse(503, "<html>"), 3, "HTTP 503"},
		"a cut connection once": {once(cut), 2, ""},
		"a cut connection":      {cut, 3, "Unreachable"},
		"half an answer":        {ssmtest.Refuse(200, `{"Parameters":[{"Name":"/a","Value":"hu`), 3, "UnreadableAnswer"},
		"denied":                {ssmtest.Refuse(400, `{"__type":"AccessDeniedException","Message":"hush"}`), 1, "AccessDeniedException"},
		"led elsewhere":         {ssmtest.Refuse(307, ""), 1, "HTTP 307"},
	} {
		t.Run(name, func(t *testing.T) {
			c, store := client(t)
			store.Put("/a", "b")
			store.Before(tc.before)
			got, err := c.Get(t.Context(), []string{"/a"})
			if store.Calls() != tc.calls || tc.code == "" && (err != nil || got["/a"] != "b") {
				t.Errorf("%v %v after %d calls", got, err, store.Calls())
			}
			var e *Error
			if tc.code != "" && (!errors.As(err, &e) || Code(err) != tc.code || strings.Contains(err.Error(), "hu")) {
				t.Errorf("said %v", err)
			}
		})
	}
}

func TestAStoreThatHangsIsGivenUp(t *testing.T) {
	c, store := client(t)
	store.Before(func(http.ResponseWriter) bool { <-t.Context().Done(); return true })
	ctx, cancel := context.WithCancel(t.Context())
	c.rest = pause
	go cancel()
	if _, err := c.Get(ctx, []string{"/a"}); Code(err) != "Unreachable" {
		t.Error(err)
	}
}
