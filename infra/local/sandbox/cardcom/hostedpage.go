package main

import (
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

// hostedPage is the card form. Its fields are listed in README.md.
//
//go:embed page.html
var pageFile embed.FS

var hostedPage = template.Must(template.ParseFS(pageFile, "page.html"))

// pageView is what the template shows.
type pageView struct {
	Page     page
	Text     pageText
	Amount   string
	Payments []int
	Payer    payer
	Error    string
	Declined bool
	Cards    []testCard
	Closed   bool
}

func (s *server) view(p page) pageView {
	v := pageView{Page: p, Text: textIn(p.Language), Amount: fmt.Sprintf("%d.%02d", p.Amount/100, p.Amount%100),
		Payer: p.Payer, Cards: testCards, Closed: p.Done}
	for n := 1; n <= p.MaxPayments; n++ {
		v.Payments = append(v.Payments, n)
	}
	return v
}

// find loads the page a request names, or answers 404.
func (s *server) find(w http.ResponseWriter, r *http.Request) (page, bool) {
	p, _, _ := s.book.page(strings.ToLower(r.PathValue("id")))
	if p == nil || strconv.Itoa(p.Terminal) != r.PathValue("terminal") {
		sendHTML(w, http.StatusNotFound, "<h1>404</h1>")
		return page{}, false
	}
	return *p, true
}

func (s *server) showPage(w http.ResponseWriter, r *http.Request) {
	if p, found := s.find(w, r); found {
		render(w, http.StatusOK, s.view(p))
	}
}

// submitPage takes the form: 303 to the merchant's address when it is over, 402 with the page
// again after a decline, 422 with the page again after a mistake in the form.
func (s *server) submitPage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	p, found := s.find(w, r)
	if !found {
		return
	}
	switch {
	case p.Done:
		render(w, http.StatusConflict, s.view(p))
	case r.PostFormValue("action") == "cancel":
		http.Redirect(w, r, p.leaveURL(), http.StatusSeeOther)
	default:
		s.takePayment(w, r, p)
	}
}

// leaveURL is where a payer goes who gives up: after a decline to the failure address.
func (p page) leaveURL() string {
	if p.CancelURL != "" && p.Attempts == 0 {
		return p.CancelURL
	}
	return p.FailedURL
}

func (s *server) takePayment(w http.ResponseWriter, r *http.Request, p page) {
	in, mistake := p.readForm(r, s.now())
	if mistake != "" {
		v := s.view(p)
		v.Error, v.Payer = mistake, in.Payer
		render(w, http.StatusUnprocessableEntity, v)
		return
	}
	paid, fresh, err := s.book.pay(p.ID, in, s.webhooks.draw, s.now())
	switch {
	case err != nil:
		slog.Error("take payment", "error", err)
		sendHTML(w, http.StatusInternalServerError, "<h1>500</h1>")
	case !fresh:
		render(w, http.StatusConflict, s.view(paid))
	case !paid.Done:
		if s.webhooks.current().ReportDeclines {
			s.webhooks.plan(paid.ID, webhookOnce)
		}
		v := s.view(paid)
		v.Error, v.Declined = v.Text.Declined, true
		render(w, http.StatusPaymentRequired, v)
	default:
		s.webhooks.plan(paid.ID, paid.Mode)
		http.Redirect(w, r, paid.SuccessURL, http.StatusSeeOther)
	}
}

func render(w http.ResponseWriter, status int, v pageView) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := hostedPage.Execute(w, v); err != nil {
		slog.Debug("client left", "error", err)
	}
}
