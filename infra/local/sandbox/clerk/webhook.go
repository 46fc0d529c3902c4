package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// retries is the vendor's schedule: the time before each further try.
var retries = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour,
}

const (
	deliveryTimeout = 15 * time.Second // the vendor's
	staleAge        = 10 * time.Minute // beyond the tolerance of five
	maxDeliveries   = 10_000
)

// webhookOptions say where webhooks go.
type webhookOptions struct {
	URL        string
	Secret     string
	RetryScale float64
}

// switches spoil deliveries on purpose. They count from the next change.
type switches struct {
	Duplicate      bool `json:"duplicate"`      // every message twice, under the same id
	Reorder        bool `json:"reorder"`        // every pair of messages swapped
	DelayMS        int  `json:"delayMs"`        // before the first try
	Drop           bool `json:"drop"`           // never sent
	WrongSecret    bool `json:"wrongSecret"`    // signed with another secret
	StaleTimestamp bool `json:"staleTimestamp"` // signed ten minutes ago
	TwoSignatures  bool `json:"twoSignatures"`  // a wrong signature before the right one
}

// message is one webhook; its id and body are the same in every try.
type message struct {
	id, event string
	body      []byte
	try       int
	notBefore time.Time
	switches  switches
}

// delivery is a line of the log.
type delivery struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Try     int       `json:"try"`
	Status  int       `json:"status,omitempty"`
	Error   string    `json:"error,omitempty"`
	Dropped bool      `json:"dropped,omitempty"`
	At      time.Time `json:"at"`
}

// sender sends first tries one after the other, in the order of the changes; a failed message
// steps aside and comes back by its schedule.
type sender struct {
	options webhookOptions
	client  *http.Client
	after   func(time.Duration, func())
	ready   chan struct{}

	mu         sync.Mutex
	switches   switches
	queue      []message
	held       *message // the first of a pair to swap
	deliveries []delivery
}

func newSender(o webhookOptions) *sender {
	return &sender{
		options: o, ready: make(chan struct{}, 1),
		after: func(wait time.Duration, f func()) { time.AfterFunc(wait, f) },
		client: &http.Client{
			Timeout:       deliveryTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// envelope is the outer form of every event; timestamp is in milliseconds.
type envelope struct {
	Type       string          `json:"type"`
	Object     string          `json:"object"`
	Data       any             `json:"data"`
	Timestamp  int64           `json:"timestamp"`
	InstanceID string          `json:"instance_id"`
	Attributes eventAttributes `json:"event_attributes"`
}

type eventAttributes struct {
	HTTPRequest httpRequest `json:"http_request"`
}

type httpRequest struct {
	ClientIP  string `json:"client_ip"`
	UserAgent string `json:"user_agent"`
}

// enqueue takes a notice and returns at once.
func (s *sender) enqueue(n notice) {
	if s.options.URL == "" {
		return
	}
	body, err := json.Marshal(envelope{
		n.Type, "event", n.Data, milliseconds(n.At), n.Instance, eventAttributes{httpRequest{"127.0.0.1", "clerk-sandbox"}},
	})
	if err != nil {
		slog.Error("encode webhook", "type", n.Type, "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := message{id: newID("msg"), event: n.Type, body: body, try: 1, switches: s.switches}
	m.notBefore = n.At.Add(time.Duration(s.switches.DelayMS) * time.Millisecond)
	s.arrange(m)
	s.wake()
}

// arrange puts a new message in its place. The caller holds the lock.
func (s *sender) arrange(m message) {
	switch {
	case m.switches.Drop:
		s.deliveries = append(s.deliveries, delivery{ID: m.id, Type: m.event, Dropped: true, At: time.Now().UTC()})
		return
	case m.switches.Reorder && s.held == nil:
		s.held = &m
		return
	}
	s.push(m)
	if s.held != nil {
		s.push(*s.held)
		s.held = nil
	}
}

func (s *sender) push(m message) {
	if s.queue = append(s.queue, m); m.switches.Duplicate && m.try == 1 {
		s.queue = append(s.queue, m)
	}
}

func (s *sender) wake() {
	select {
	case s.ready <- struct{}{}:
	default: // a wake-up is on its way already
	}
}

// set replaces the switches. A held message goes out when messages are swapped no longer.
func (s *sender) set(to switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.switches = to; !to.Reorder && s.held != nil {
		s.push(*s.held)
		s.held = nil
	}
	s.wake()
}

// run sends until ctx ends.
func (s *sender) run(ctx context.Context) {
	for {
		m, found := s.next()
		if !found {
			select {
			case <-ctx.Done():
				return
			case <-s.ready:
			}
			continue
		}
		wait := time.NewTimer(time.Until(m.notBefore))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		s.deliver(ctx, m)
	}
}

func (s *sender) next() (message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return message{}, false
	}
	m := s.queue[0]
	s.queue = s.queue[1:]
	return m, true
}

// deliver tries once; anything but a 2xx within 15 s comes back later.
func (s *sender) deliver(ctx context.Context, m message) {
	entry := delivery{ID: m.id, Type: m.event, Try: m.try, At: time.Now().UTC()}
	status, err := s.post(ctx, m)
	if entry.Status = status; err != nil {
		entry.Error = err.Error()
	}
	s.mu.Lock()
	if s.deliveries = append(s.deliveries, entry); len(s.deliveries) > maxDeliveries {
		s.deliveries = slices.Delete(s.deliveries, 0, maxDeliveries/2)
	}
	s.mu.Unlock()
	if status/100 == 2 || m.try > len(retries) {
		return
	}
	wait := time.Duration(float64(retries[m.try-1]) * s.options.RetryScale)
	m.try++
	s.after(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.push(m)
		s.wake()
	})
}

func (s *sender) post(ctx context.Context, m message) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.options.URL, bytes.NewReader(m.body))
	if err != nil {
		return 0, fmt.Errorf("make webhook: %w", err)
	}
	if err := s.sign(req.Header, m); err != nil {
		return 0, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("post webhook: %w", err)
	}
	if err := resp.Body.Close(); err != nil {
		slog.Debug("close webhook answer", "error", err)
	}
	return resp.StatusCode, nil
}

// sign sets the Svix headers: base64(HMAC-SHA256(secret, id.timestamp.body)).
func (s *sender) sign(h http.Header, m message) error {
	key, err := decodeSecret(s.options.Secret)
	if err != nil {
		return err
	}
	at := time.Now()
	if m.switches.StaleTimestamp {
		at = at.Add(-staleAge)
	}
	other := []byte(rand.Text())
	if m.switches.WrongSecret {
		key = other
	}
	timestamp := fmt.Sprint(at.Unix())
	header := signatureOf(key, m.id, timestamp, m.body)
	if m.switches.TwoSignatures {
		header = signatureOf(other, m.id, timestamp, m.body) + " " + header
	}
	h.Set("Content-Type", "application/json")
	h.Set("svix-id", m.id)
	h.Set("svix-timestamp", timestamp)
	h.Set("svix-signature", header)
	return nil
}

func signatureOf(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// decodeSecret reads whsec_<base64>.
func decodeSecret(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return nil, fmt.Errorf("the webhook secret is not whsec_ and base64: %w", err)
	}
	return key, nil
}

func (s *sender) logged() []delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}
