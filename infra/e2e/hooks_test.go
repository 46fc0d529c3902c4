package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// post sends a webhook as a provider does.
func post(t *testing.T, path string, body []byte, header map[string]string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, running.Addresses.API+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, said}
}

// message is a webhook of Clerk's before it is signed.
type message struct {
	id     string
	at     time.Time
	body   []byte
	secret string
}

// news is a message about somebody nobody knows, signed with the platform's secret.
func news() message {
	name := "user_" + rand.Text()
	body := fmt.Sprintf(`{"type":"user.updated","object":"event","timestamp":%d,"data":{"id":%q,"first_name":"דנה","updated_at":1767268800000}}`, time.Now().UnixMilli(), name)
	return message{"msg_" + rand.Text(), time.Now(), []byte(body), running.Secrets.ClerkWebhook}
}

func (m message) signature() string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.secret, "whsec_")) // the platform's, or one of these tests
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", m.id, m.at.Unix(), m.body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (m message) headers(signature string) map[string]string {
	return map[string]string{"svix-id": m.id, "svix-timestamp": fmt.Sprint(m.at.Unix()), "svix-signature": signature}
}

// stored is how often a message was taken in.
func (m message) stored(t *testing.T) int {
	t.Helper()
	return read[int](t, database(t), "select count(*)::int from inbox where provider = 'clerk' and event_key = $1", m.id)[0]
}

func zipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestClerksMessagesThroughTheGateway: the signature's header has commas in it, which the gateway and the adapter must
// leave alone; the vectors are tested beside the verifier.
func TestClerksMessagesThroughTheGateway(t *testing.T) {
	const path = "/v1/hooks/clerk"
	other := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another endpoint's secret, 32 b."))
	for name, tc := range map[string]struct {
		change func(*message) (body []byte, header map[string]string)
		want   int
		stored int
	}{
		"a signed message is taken": {func(m *message) ([]byte, map[string]string) { return m.body, m.headers(m.signature()) }, 204, 1},
		"one of several signatures is enough": {func(m *message) ([]byte, map[string]string) {
			return m.body, m.headers("v1,AAAA v2,BBBB " + m.signature() + " v1a,CCCC")
		}, 204, 1},
		"a forged signature is refused": {func(m *message) ([]byte, map[string]string) {
			return m.body, m.headers("v1," + base64.StdEncoding.EncodeToString(make([]byte, 32)))
		}, 401, 0},
		"another body under the signature is refused": {func(m *message) ([]byte, map[string]string) {
			return append(m.body, ' '), m.headers(m.signature())
		}, 401, 0},
		"no signature is refused": {func(m *message) ([]byte, map[string]string) { return m.body, nil }, 401, 0},
		"another secret's signature is refused": {func(m *message) ([]byte, map[string]string) {
			m.secret = other
			return m.body, m.headers(m.signature())
		}, 401, 0},
		"a message of ten minutes ago is refused": {func(m *message) ([]byte, map[string]string) {
			m.at = m.at.Add(-10 * time.Minute)
			return m.body, m.headers(m.signature())
		}, 401, 0},
		"a message of the future is refused": {func(m *message) ([]byte, map[string]string) {
			m.at = m.at.Add(10 * time.Minute)
			return m.body, m.headers(m.signature())
		}, 401, 0},
		"a compressed body is refused": {func(m *message) ([]byte, map[string]string) {
			h := m.headers(m.signature())
			h["Content-Encoding"] = "gzip"
			return zipped(t, m.body), h
		}, 401, 0},
		"over 1 MB is refused": {func(m *message) ([]byte, map[string]string) {
			m.body = append(m.body, bytes.Repeat([]byte(" "), 1<<20)...)
			return m.body, m.headers(m.signature())
		}, 413, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := news()
			body, header := tc.change(&m)
			got := post(t, path, body, header)
			if got.status != tc.want || m.stored(t) != tc.stored {
				t.Errorf("%s, stored %d times; want %d, stored %d times", got, m.stored(t), tc.want, tc.stored)
			}
			if tc.want == 401 && got.code() != "hook.refused" {
				t.Errorf("the refusal tells more than it should: %s", got)
			}
		})
	}
	t.Run("a message that comes again is taken and has no second effect", func(t *testing.T) {
		m := news()
		for range 5 {
			if got := post(t, path, m.body, m.headers(m.signature())); got.status != 204 {
				t.Error(got)
			}
		}
		if n := m.stored(t); n != 1 {
			t.Errorf("stored %d times", n)
		}
	})
}

// notice is Cardcom's about a page of a studio that was used before the test began.
func notice(t *testing.T, s *studio) (token string, body []byte) {
	t.Helper()
	conn := database(t)
	token = read[string](t, conn, "select hook_token from gateways where org_id = $1", s.Org)[0]
	page := read[string](t, conn, "select provider_ref from card_sessions where org_id = $1 and provider_ref is not null limit 1", s.Org)[0]
	return token, []byte(fmt.Sprintf(`{"ResponseCode":0,"LowProfileId":%q,"TranzactionId":%d,"Amount":1000000}`, page, time.Now().UnixNano()%1_000_000_000))
}

func TestCardcomsNoticesThroughTheGateway(t *testing.T) {
	ours, body := notice(t, a)
	theirs, _ := notice(t, b)
	conn := database(t)
	for name, tc := range map[string]struct {
		token  string
		body   []byte
		header map[string]string
		want   int
	}{
		"nobody's token is of nothing":                     {"nobody", body, nil, 404},
		"a studio's id is no token":                        {a.Org, body, nil, 404},
		"another studio's token opens none of ours":        {theirs, body, nil, 200},
		"a compressed notice is refused":                   {ours, zipped(t, body), map[string]string{"Content-Encoding": "gzip"}, 401},
		"a notice of over 1 MB is refused":                 {ours, append(bytes.Clone(body), bytes.Repeat([]byte(" "), 1<<20)...), nil, 413},
		"a notice that is no JSON is refused":              {ours, []byte("LowProfileId=1"), nil, 400},
		"a notice that names no page is refused":           {ours, []byte(`{"LowProfileId":"1"}`), nil, 400},
		"a notice of a page that is not ours is passed by": {ours, []byte(`{"LowProfileId":"01900000-0000-4000-8000-000000000000","TranzactionId":1}`), nil, 200},
	} {
		t.Run(name, func(t *testing.T) {
			settle(t)
			ourDigest, theirDigest := a.digest(t, conn), b.digest(t, conn)
			if got := post(t, "/v1/hooks/cardcom/"+tc.token, tc.body, tc.header); got.status != tc.want {
				t.Errorf("%s, want %d", got, tc.want)
			}
			settle(t)
			unchanged(t, ourDigest, a.digest(t, conn))
			unchanged(t, theirDigest, b.digest(t, conn))
		})
	}
	t.Run("our own notice is taken, and again without a second effect, whatever it claims", func(t *testing.T) {
		before := a.everything(t, conn)
		for range 3 {
			if got := post(t, "/v1/hooks/cardcom/"+ours, body, nil); got.status != 200 {
				t.Error(got)
			}
		}
		settle(t)
		done := effect(before, a.everything(t, conn))
		if done["inbox added"] != 1 || len(done) != 1 { // the page's card is saved: nothing is left to read
			t.Errorf("three deliveries do %v", done)
		}
	})
}
