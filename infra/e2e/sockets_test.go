package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"
)

const (
	cutConnections = "cron-realtime-cut-connections"
	ourSite        = "http://localhost:3000" // of the local ALLOWED_ORIGINS
	answerWithin   = 30 * time.Second
)

// ticket is a fresh one for somebody of a studio, and where to go with it.
func ticket(t *testing.T, s *studio, role string) (text, address string) {
	t.Helper()
	got := request{op: operationNamed(t, "api-realtime-create-ticket")}.as(s, role).send(t)
	if got.status != 201 {
		t.Fatalf("a ticket for %s: %s", role, got)
	}
	return got.text("ticket"), got.text("url")
}

// dial opens a WebSocket; a refused one is nil with the status of the refusal.
func dial(t *testing.T, address, origin string, query url.Values) (*websocket.Conn, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), answerWithin)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, address+"?"+query.Encode(), &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
	if err != nil {
		if res == nil {
			t.Fatal(err)
		}
		return nil, res.StatusCode
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, res.StatusCode
}

// connected is an open connection of somebody.
func connected(t *testing.T, s *studio, role string) *websocket.Conn {
	t.Helper()
	text, address := ticket(t, s, role)
	conn, status := dial(t, address, ourSite, url.Values{"ticket": {text}})
	if conn == nil {
		t.Fatalf("%s was refused with %d", role, status)
	}
	return conn
}

// say sends a message and gives the next one that comes.
func say(t *testing.T, conn *websocket.Conn, message string) (got struct{ Type, Code string }) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), answerWithin)
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		t.Fatal(err)
	}
	_, body, err := conn.Read(ctx)
	if err != nil || json.Unmarshal(body, &got) != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return got
}

// inDatabase runs a statement as the owner, or reads a number.
func inDatabase(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	address, err := databaseURL()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestATicketOpensAWebSocketThatAnswersPings(t *testing.T) {
	for _, role := range []string{"owner", "member"} {
		conn := connected(t, a, role)
		if got := say(t, conn, `{"action":"ping"}`); got.Type != "pong" {
			t.Errorf("%s was answered %+v", role, got)
		}
		for message, code := range map[string]string{`{"action":"dance"}`: "socket.action_unknown", `{}`: "socket.action_unknown", `ping`: "socket.message_malformed",
			`{"action":"$connect"}`: "socket.action_unknown"} {
			if got := say(t, conn, message); got.Type != "error" || got.Code != code {
				t.Errorf("%s: %s was answered %+v", role, message, got)
			}
		}
	}
}

func TestRefusedHandshakes(t *testing.T) {
	used, address := ticket(t, a, "owner")
	if conn, status := dial(t, address, ourSite, url.Values{"ticket": {used}}); conn == nil {
		t.Fatalf("a good ticket was refused with %d", status)
	}
	expired, _ := ticket(t, a, "coach")
	inDatabase(t, `with old as (update socket_tickets set created_at = now() - interval '2 minutes', expires_at = now() - interval '1 minute'
  where role = 'coach' and used_at is null returning 1) select count(*) from old`)
	twice, _ := ticket(t, a, "owner")
	session := minted(t, map[string]any{"user": a.Studio.Users["owner"], "org": a.Studio.Organization})
	for name, tc := range map[string]struct {
		origin string
		query  url.Values
		want   int
	}{
		"a ticket that was used":                {ourSite, url.Values{"ticket": {used}}, 401},
		"a ticket whose minute is over":         {ourSite, url.Values{"ticket": {expired}}, 401},
		"a ticket that was made up":             {ourSite, url.Values{"ticket": {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}, 401},
		"no ticket":                             {ourSite, url.Values{}, 401},
		"two tickets":                           {ourSite, url.Values{"ticket": {twice, twice}}, 401},
		"a session token in a ticket's place":   {ourSite, url.Values{"ticket": {session}}, 401},
		"a session token beside":                {ourSite, url.Values{"token": {session}, "access_token": {session}}, 401},
		"a good ticket from another site":       {"https://evil.example", url.Values{"ticket": {twice}}, 403},
		"a good ticket from no site":            {"null", url.Values{"ticket": {twice}}, 403},
		"a good ticket from a site's neighbour": {ourSite + "0", url.Values{"ticket": {twice}}, 403},
	} {
		t.Run(name+" does not open a WebSocket", func(t *testing.T) {
			if conn, status := dial(t, address, tc.origin, tc.query); conn != nil || status != tc.want {
				t.Errorf("it was answered %d, want %d", status, tc.want)
			}
		})
	}
	if conn, status := dial(t, address, ourSite, url.Values{"ticket": {twice}}); conn == nil {
		t.Errorf("a ticket that was refused for its site is used up: %d", status)
	}
}

// TestARemovedPersonsConnectionIsCut: messages are refused at once, and the schedule ends the connection.
func TestARemovedPersonsConnectionIsCut(t *testing.T) {
	s, err := newStudio(t.Context(), t.TempDir(), "חולף", "fleeting")
	if err != nil {
		t.Fatal(err)
	}
	stays, goes := connected(t, s, "owner"), connected(t, s, "coach")
	id := request{op: operationNamed(t, signedIn)}.as(s, "coach").send(t).text("staff_id")
	remove := request{op: operationNamed(t, "api-org-update-staff"), path: map[string]string{"id": id}, body: map[string]any{"status": "removed"}}
	if got := remove.as(s, "owner").send(t); !got.ok() {
		t.Fatal(got)
	}
	if got := say(t, goes, `{"action":"ping"}`); got.Code != "realtime.connection_over" {
		t.Errorf("a removed coach's ping was answered %+v", got)
	}
	if _, err := running.Scheduler.RunNow(t.Context(), "realtime-cut-connections", time.Now()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), answerWithin)
	defer cancel()
	if _, _, err := goes.Read(ctx); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("the connection ended with %v", err)
	}
	if got := say(t, stays, `{"action":"ping"}`); got.Type != "pong" {
		t.Errorf("the owner's connection was answered %+v", got)
	}
	if n := inDatabase(t, "select count(*) from connections c join orgs o on o.id = c.org_id where o.clerk_org_id = $1", s.Studio.Organization); n != 1 {
		t.Errorf("%d connections are noted, want the owner's", n)
	}
}

// TestAConnectionThatEndsIsForgotten waits for $disconnect, which runs when the client has left.
func TestAConnectionThatEndsIsForgotten(t *testing.T) {
	const count = `select count(*) from connections where role = 'front_desk'`
	conn := connected(t, b, "front_desk")
	if n := inDatabase(t, count); n != 1 {
		t.Fatalf("%d connections of the desk are noted, want one", n)
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	deadline, tick := time.After(answerWithin), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for inDatabase(t, count) != 0 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("its row is still there")
		}
	}
}
