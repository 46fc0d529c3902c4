package cardcom

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"fitkit/shared/payment"
)

// Red with HTTP/2, under which net/http sends a request again by itself that the server may have worked on.
func TestOneRequestIsOnePostOfHTTP1(t *testing.T) {
	t.Parallel()
	spoken := make(chan int, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		spoken <- r.ProtoMajor
		_, _ = io.WriteString(w, `{"ResponseCode":4}`)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	c := New(server.URL, time.Second)
	c.http.Transport.(*http.Transport).TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	if o := c.Charge(t.Context(), payment.Credentials{Terminal: 1}, payment.ChargeRequest{Key: "k", Amount: 100}); o.State != payment.Declined {
		t.Fatalf("%+v", o)
	}
	if major := <-spoken; major != 1 {
		t.Errorf("spoke HTTP/%d", major)
	}
}
