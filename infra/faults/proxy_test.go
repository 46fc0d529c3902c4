package faults

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// proxy stands between the workers and Cardcom and spoils answers.
type proxy struct{ *toxiproxy.Proxy }

func newProxy(t testing.TB, upstream string) proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.New(io.Discard))
	var err error
	for range 50 {
		// Below the ports that the system hands out: spoil stops and starts the proxy, and must find its port free again.
		listen := fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))
		p := toxiproxy.NewProxy(server, "cardcom", listen, strings.TrimPrefix(upstream, "http://"))
		if err = p.Start(); err == nil {
			t.Cleanup(p.Stop)
			return proxy{p}
		}
	}
	t.Fatal(err)
	return proxy{}
}

func (p proxy) url() string { return "http://" + p.Listen }

// spoil has every answer from now on spoilt by toxic; "" lets them pass. Connections of before are cut.
func (p proxy) spoil(t testing.TB, toxic string) {
	t.Helper()
	p.Stop()
	p.Toxics.ResetToxics(t.Context())
	if toxic != "" {
		if _, err := p.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
}

func toxic(kind string, bytes int) string {
	return fmt.Sprintf(`{"type":%q,"stream":"downstream","attributes":{"bytes":%d}}`, kind, bytes)
}

// hang passes so many bytes of a connection's answers and then none, while the connection stays open: toxiproxy's own
// "timeout" can only hold back everything.
type hang struct {
	Bytes int `json:"bytes"`
}

func init() {
	toxics.Register("hang", new(hang))
	toxics.Register("meter", new(meter))
}

// Pipe implements toxics.Toxic.
func (h *hang) Pipe(stub *toxics.ToxicStub) {
	left := h.Bytes
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			n := min(left, len(c.Data))
			if left -= n; n > 0 {
				stub.Output <- &stream.StreamChunk{Data: c.Data[:n], Timestamp: c.Timestamp}
			}
		}
	}
}

// meter counts the bytes of answers that pass.
type meter struct{}

var metered atomic.Int64

// Pipe implements toxics.Toxic.
func (*meter) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			metered.Add(int64(len(c.Data)))
			stub.Output <- c
		}
	}
}
