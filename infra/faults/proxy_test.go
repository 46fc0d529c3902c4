package faults

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
)

// proxy stands between the workers and Cardcom and spoils answers. Its address stays: behind it each way of spoiling is a
// toxiproxy of its own, for one that stops and starts again may find its port taken.
type proxy struct {
	net.Listener
	server   *toxiproxy.ApiServer
	upstream string
	way      atomic.Pointer[toxiproxy.Proxy]
}

func newProxy(t testing.TB, upstream string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, upstream: strings.TrimPrefix(upstream, "http://"),
		server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.New(io.Discard))}
	p.spoil(t, "")
	t.Cleanup(func() {
		l.Close()
		p.way.Load().Stop()
	})
	go p.accept()
	return p
}

func (p *proxy) url() string { return "http://" + p.Addr().String() }

// accept joins each connection to the way of its time, until the listener is closed.
func (p *proxy) accept() {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.way.Load().Listen)
		if err != nil {
			in.Close()
			continue
		}
		join := func(to, from net.Conn) {
			_, _ = io.Copy(to, from) // either end may cut it
			to.Close()
			from.Close()
		}
		go join(in, out)
		go join(out, in)
	}
}

// spoil has every answer from now on spoilt by toxic; "" lets them pass. Connections of before are cut.
func (p *proxy) spoil(t testing.TB, toxic string) {
	t.Helper()
	way := toxiproxy.NewProxy(p.server, "cardcom", "127.0.0.1:0", p.upstream)
	if toxic != "" {
		if _, err := way.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatal(err)
		}
	}
	if err := way.Start(); err != nil {
		t.Fatal(err)
	}
	if before := p.way.Swap(way); before != nil {
		before.Stop()
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
