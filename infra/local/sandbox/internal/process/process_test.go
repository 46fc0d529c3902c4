package process

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheFirstLineSaysWhereAndTheEndIsOrderly(t *testing.T) {
	listener, url, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, in, listener, url, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			WriteJSON(w, http.StatusTeapot, map[string]int{"n": 1})
		}))
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "listening on "+url+"\n" {
		t.Fatalf("first line %q %v", line, err)
	}
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusTeapot {
		t.Errorf("answered %d", resp.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAMistypedSwitchIsRefused(t *testing.T) {
	for body, good := range map[string]bool{`{"mode":"x"}`: true, ``: true, `{"moed":"x"}`: false, `[]`: false} {
		var in struct {
			Mode string `json:"mode"`
		}
		if err := ReadJSON(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)), &in); (err == nil) != good {
			t.Errorf("%q read with %v", body, err)
		}
	}
}
