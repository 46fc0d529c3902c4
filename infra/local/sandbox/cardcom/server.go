package main

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the gateway's days are Israel's, also where no zone files are installed

	"fitkit/infra/local/sandbox/internal/process"
)

// israel is the zone of the gateway's days.
var israel = israelTime()

func israelTime() *time.Location {
	zone, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		return time.FixedZone("IST", 2*60*60) // not reached: the zone files are linked in
	}
	return zone
}

// maxBody bounds a request; the largest real one, with a document of many lines, is far smaller.
const maxBody = 1 << 20

// outage is what happens to every API and page request while it lasts.
type outage string

const (
	outageOff     outage = "off"
	outageTimeout outage = "timeout" // connections are held and then cut
	outageRefuse  outage = "refuse"  // connections are reset before anything is read
	outage502     outage = "502"
)

// server is the gateway.
type server struct {
	book      *ledger
	fields    declared
	webhooks  *dispatcher
	publicURL string
	latency   time.Duration
	hang      time.Duration
	now       func() time.Time
	outage    atomic.Value // outage
}

func newServer(o options, book *ledger, fields declared) *server {
	s := &server{
		book: book, fields: fields, publicURL: o.publicURL, latency: o.latency, hang: o.hang, now: time.Now,
	}
	s.webhooks = newDispatcher(o.webhooks, s.report, s.markReported)
	s.outage.Store(outageOff)
	return s
}

func (s *server) routes() http.Handler {
	gateway := http.NewServeMux()
	handle(s, gateway, "LowProfile/Create", "CreateLowProfile", s.createPage)
	handle(s, gateway, "LowProfile/GetLpResult", "GetLowProfileResult", s.pageResult)
	handle(s, gateway, "Transactions/Transaction", "TransactionReq", s.transaction)
	handle(s, gateway, "Transactions/GetTransactionByExternalUniqTran", "GetExternalUniqTranIdStatusReq", s.findByExternalID)
	handle(s, gateway, "Transactions/ListTransactions", "ListTransactionsReq", s.listTransactions)
	handle(s, gateway, "Transactions/GetTransactionInfoById", "TransactionInfoRequest", s.shvaInfo)
	handle(s, gateway, "Transactions/RefundByTransactionId", "RefundByTransactionIdReq", s.refund)
	handle(s, gateway, "RecuringPayments/GetMuhlafimByDate", "MuhlafimByDateRequest", s.replacements)
	gateway.HandleFunc("GET /EA/LPC6/{terminal}/{id}", s.showPage)
	gateway.HandleFunc("POST /EA/LPC6/{terminal}/{id}", s.submitPage)
	gateway.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		process.WriteJSON(w, http.StatusNotFound, map[string]string{
			"Message": "No HTTP resource was found that matches the request URI '" + r.URL.Path + "'.",
		})
	})
	root := http.NewServeMux()
	root.Handle("/", s.duringOutage(gateway))
	s.controlRoutes(root)
	return root
}

// duringOutage lets an outage take the place of the gateway.
func (s *server) duringOutage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch s.outage.Load() {
		case outageTimeout:
			s.hold(w, r)
		case outageRefuse:
			drop(w, nil)
		case outage502:
			sendHTML(w, http.StatusBadGateway, "<h1>502 Bad Gateway</h1>")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// handle serves one v11 operation: it checks the body against the declared type, takes the
// latency, and sends what answer returns.
func handle[T any](s *server, mux *http.ServeMux, path, typeName string, answer func(*http.Request, T) reply) {
	mux.HandleFunc("POST /api/v11/"+path, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			s.send(w, r, invalid(err))
			return
		}
		var in T
		if err := s.fields.decode(typeName, body, &in); err != nil {
			s.book.count(func(c *calls) { c.Invalid++ })
			s.send(w, r, invalid(err))
			return
		}
		if s.latency > 0 {
			time.Sleep(s.latency)
		}
		s.send(w, r, answer(r, in))
	})
}
