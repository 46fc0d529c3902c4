// Package ssm reads parameters from the parameter store, by net/http and a signature of its own: every function links it, and the
// SDK's client costs every start (docs/decisions/010-what-a-start-pays-for.md).
package ssm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"fitkit/shared/clock"
)

const (
	service = "ssm"
	// atOnce is how many names the service takes in one call.
	atOnce = 10
	// timeout of one try.
	timeout = 2 * time.Second
	// maxAnswer is the longest answer that is read, in bytes: ten parameters of 8 kB, with room.
	maxAnswer = 256 << 10
)

// Client reads one region's parameter store.
type Client struct {
	endpoint, region string
	keys             Keys
	http             *http.Client
	rest             func(ctx context.Context, try int) error // between two tries
}

// New is a client with the keys of the function's role. An empty endpoint is AWS's own.
func New(endpoint, region string, keys Keys) *Client {
	if endpoint == "" {
		endpoint = "https://ssm." + region + ".amazonaws.com"
	}
	return &Client{endpoint: endpoint, region: region, keys: keys, rest: pause,
		http: &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Get reads the named parameters, decrypted. A name is a path, with ":3" at its end when it is the third version that is
// meant; nobody asks for both forms of one. What the store does not have is not in the answer; an error means that it was not asked to the end.
func (c *Client) Get(ctx context.Context, names []string) (map[string]string, error) {
	out := map[string]string{}
	for some := range slices.Chunk(names, atOnce) {
		if err := c.retried(ctx, some, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type request struct {
	Names          []string
	WithDecryption bool
}

type answer struct {
	Parameters []struct {
		Name, Value string
		Version     int
	}
}

// ask is one try.
func (c *Client) ask(ctx context.Context, names []string, out map[string]string) error {
	body, err := json.Marshal(request{names, true})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Close = true // the next call is ten minutes away, and a freeze may lie between: a connection kept would be dead
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonSSM.GetParameters")
	sign(req, body, c.keys, c.region, clock.Real())
	res, err := c.http.Do(req)
	if err != nil {
		return &Error{Code: "Unreachable", again: true}
	}
	defer res.Body.Close()
	told, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return &Error{Code: "Unreachable", again: true}
	}
	if res.StatusCode != http.StatusOK {
		return refused(res.StatusCode, told)
	}
	var a answer
	if err := json.Unmarshal(told, &a); err != nil {
		return &Error{Code: "UnreadableAnswer", again: true}
	}
	for _, p := range a.Parameters {
		name := p.Name
		if version := fmt.Sprintf("%s:%d", p.Name, p.Version); slices.Contains(names, version) {
			name = version
		}
		out[name] = p.Value
	}
	return nil
}
