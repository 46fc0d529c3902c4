package main

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
)

func TestATokenOfVersion2NamesTheOrganisationInO(t *testing.T) {
	p := newProvider(t, "")
	st := p.studio("north")
	c := p.claims(object{"user": st.Users["owner"], "org": st.Organization,
		"perms": []string{"org:members:manage", "org:members:read", "org:money:read"}, "fva": []int{3, -1}})
	want := object{"id": st.Organization, "slg": "north", "rol": "admin", "per": "manage,read", "fpm": "3,2"}
	if !reflect.DeepEqual(c["o"], any(want)) || c["fea"] != "o:members,o:money" || c["v"] != 2.0 || c["jti"] == nil || c["org_id"] != nil {
		t.Errorf("claims %v", c)
	}
	if c["iss"] != "https://clerk.example" || c["azp"] != testOrigin || c["exp"].(float64)-c["iat"].(float64) != 60 ||
		c["nbf"].(float64) > c["iat"].(float64) || !reflect.DeepEqual(c["fva"], []any{3.0, -1.0}) {
		t.Errorf("claims %v", c)
	}
}

func TestATokenOfVersion1NamesTheOrganisationAtTheTop(t *testing.T) {
	p := newProvider(t, "")
	st := p.studio("north")
	c := p.claims(object{"user": st.Users["coach"], "org": st.Organization, "version": 1, "perms": []string{"org:members:read"}})
	if c["org_id"] != st.Organization || c["org_slug"] != "north" || c["org_role"] != "org:member" || c["v"] != nil || c["o"] != nil ||
		!reflect.DeepEqual(c["org_permissions"], []any{"org:members:read"}) {
		t.Errorf("claims %v", c)
	}
}

func TestATokenClaimsWhatItIsAskedTo(t *testing.T) {
	p := newProvider(t, "")
	c := p.claims(object{"user": "user_x", "org": "org_y", "role": "org:owner", "azp": "", "sts": "pending", "sid": "sess_z",
		"ttl": -5, "act": object{"sub": "user_admin"}, "fva": nil})
	_, azp := c["azp"]
	_, fva := c["fva"]
	if azp || fva || c["sts"] != "pending" || c["sid"] != "sess_z" || c["exp"].(float64) >= c["iat"].(float64) ||
		c["act"].(object)["sub"] != "user_admin" || c["o"].(object)["rol"] != "owner" {
		t.Errorf("claims %v", c)
	}
	if member := p.claims(object{"user": "user_x"}); member["o"] != nil {
		t.Errorf("a member's token names an organisation: %v", member)
	}
	p.refused("POST", "/_dev/token", object{}, 422, "form_param_invalid")
	p.refused("POST", "/_dev/token", object{"user": "u", "perm": "x"}, 422, "request_body_invalid")
	p.refused("POST", "/_dev/token", object{"user": "u", "org": "o", "perms": []string{"sys"}}, 422, "form_param_invalid")
}

func TestTokensAndAccountsOutliveARestart(t *testing.T) {
	state := t.TempDir()
	p := openProvider(t, state, "")
	st := p.studio("north")
	jwt := p.must("POST", "/_dev/token", object{"user": st.Users["owner"]})["jwt"].(string)
	after := openProvider(t, state, "")
	if _, good := after.verify(jwt); !good || len(after.keySet().Keys) != 2 {
		t.Error("the keys are others after a restart")
	}
	if got := after.must("GET", "/v1/organizations/"+st.Organization, nil); got["slug"] != "north" {
		t.Errorf("organisation after a restart: %v", got)
	}
	if after.server.accounts.instance != p.server.accounts.instance {
		t.Error("the instance id changed")
	}
}

func TestARotatedKeySignsAndARemovedOneIsGone(t *testing.T) {
	p := newProvider(t, "")
	old := p.must("POST", "/_dev/token", object{"user": "u"})["jwt"].(string)
	oldKID := p.server.keys.active().KID
	if p.must("POST", "/_dev/keys/rotate", nil); len(p.keySet().Keys) != 3 || p.server.keys.active().KID == oldKID {
		t.Errorf("after rotation %v", p.keySet())
	}
	if _, good := p.verify(old); !good {
		t.Error("rotation ended older tokens")
	}
	p.must("DELETE", "/_dev/keys/"+oldKID, nil)
	if _, good := p.verify(old); good {
		t.Error("a removed key still verifies")
	}
	p.must("DELETE", "/_dev/keys/"+p.keySet().Keys[0].KID, nil)
	p.refused("DELETE", "/_dev/keys/"+p.keySet().Keys[0].KID, nil, 422, "last_key")
}

func TestTheActiveKeyIsServedAsPEM(t *testing.T) {
	p := newProvider(t, "")
	resp, err := p.client.Get(p.url + "/_dev/jwt-key.pem")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		t.Fatalf("got %s", text)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil || !p.server.keys.active().private.PublicKey.Equal(key.(*rsa.PublicKey)) {
		t.Errorf("another key: %v", err)
	}
	name, err := base64.StdEncoding.DecodeString(p.must("GET", "/_dev/publishable-key", nil)["publishableKey"].(string)[len("pk_test_"):])
	if err != nil || string(name) != "clerk.example$" {
		t.Errorf("publishable key names %q %v", name, err)
	}
}

func TestTheSandboxRefusesLiveKeysAndHalfAWebhook(t *testing.T) {
	for name, args := range map[string][]string{
		"a live key":                {"-secret-key", "sk_live_abc"},
		"a key of no kind":          {"-secret-key", "abc"},
		"a webhook without secret":  {"-webhook-url", "http://127.0.0.1:1/"},
		"a secret that is not text": {"-webhook-secret", "whsec_???"},
	} {
		if _, err := parseFlags(args); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := parseFlags([]string{"-secret-key", "sk_test_abc"}); err != nil {
		t.Error(err)
	}
}

func TestTheKeySetAsksForNoCredentialAndTheBackendDoes(t *testing.T) {
	p := newProvider(t, "")
	for path, want := range map[string]int{"/.well-known/jwks.json": 200, "/v1/jwks": 401, "/v1/users": 401, "/v1/organizations/x": 401} {
		rec := httptest.NewRecorder()
		p.server.routes().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		if rec.Code != want || !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%s answered %d %s", path, rec.Code, rec.Body)
		}
	}
}
