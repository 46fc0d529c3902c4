package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func (p *provider) signIn(form url.Values) (*http.Response, string) {
	p.t.Helper()
	resp, err := p.client.PostForm(p.url+"/sign-in", form)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp, string(text)
}

func TestSignInTakesTheFixedCodeInTwoSteps(t *testing.T) {
	p := newProvider(t, "")
	st := p.studio("north")
	form := url.Values{"email": {"owner+clerk_test@north.example"}, "redirect_url": {testOrigin + "/home"}}
	if resp, text := p.signIn(form); resp.StatusCode != http.StatusOK || !strings.Contains(text, `name="code"`) || !strings.Contains(text, `dir="rtl"`) {
		t.Errorf("first step answered %d", resp.StatusCode)
	}
	form.Set("code", "111111")
	if resp, text := p.signIn(form); resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, signInTexts["he"].BadCode) {
		t.Errorf("a wrong code answered %d", resp.StatusCode)
	}
	form.Set("code", "424242")
	resp, _ := p.signIn(form)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != testOrigin+"/home" {
		t.Fatalf("signed in: %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	cookies := map[string]*http.Cookie{}
	for _, c := range resp.Cookies() {
		cookies[c.Name] = c
	}
	if claims, good := p.verify(cookies["__session"].Value); !good || claims["sub"] != st.Users["owner"] || !cookies["__client"].HttpOnly {
		t.Errorf("cookies %v", cookies)
	}
	p.renews(cookies["__client"], http.StatusOK)
	p.renews(&http.Cookie{Name: "__client", Value: "sess_other"}, http.StatusUnauthorized)
}

// renews asks for another token of the last session with a cookie.
func (p *provider) renews(client *http.Cookie, want int) {
	p.t.Helper()
	id := sorted(p.server.accounts.sessions, func(session) bool { return true })[0].ID
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/v1/client/sessions/"+id+"/tokens", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.AddCookie(client)
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != want {
		p.t.Errorf("renewal by %s answered %d", client.Value, resp.StatusCode)
	}
}

func TestANewAddressSignsUpAndSeesItsToken(t *testing.T) {
	p := newProvider(t, "")
	resp, text := p.signIn(url.Values{"email": {"new@example.com"}, "code": {"424242"}, "lang": {"en"}})
	if resp.StatusCode != http.StatusOK || !strings.Contains(text, signInTexts["en"].Done) || !strings.Contains(text, `dir="ltr"`) {
		t.Errorf("answered %d", resp.StatusCode)
	}
	if _, found := p.server.accounts.findUserByEmail("new@example.com"); !found {
		t.Error("nobody was signed up")
	}
}

func TestSignInReturnsOnlyToAuthorizedParties(t *testing.T) {
	p := newProvider(t, "")
	for _, address := range []string{"https://evil.example/", testOrigin + ".evil.example/", "//evil.example", "javascript:alert(1)"} {
		if resp, _ := p.signIn(url.Values{"email": {"a@example.com"}, "code": {"424242"}, "redirect_url": {address}}); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s answered %d", address, resp.StatusCode)
		}
	}
	if resp, _ := p.signIn(url.Values{"email": {"not an address"}}); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a bad address answered %d", resp.StatusCode)
	}
}
