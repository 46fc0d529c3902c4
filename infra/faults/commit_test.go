package faults

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"fitkit/shared/postgres/postgrestest"
)

// TestACommitThatNobodyHeardOf is T10's third part: a connection ends while a write commits, at one time before PostgreSQL hears
// of the commit, at another before the function hears of its success. Either way the request is answered 503, and sent again
// under the same Idempotency-Key it has one effect.
//
// It was seen red with a commit that left its key without the answer: nobody who sends again is ever told.
func TestACommitThatNobodyHeardOf(t *testing.T) {
	db := postgrestest.New(t)
	c := newCutter(t, db.AppURL)
	o := startOutage(t, map[string]string{"CRONS_ENABLED": "false", "DATABASE_URL": c.url, "SYSTEM_DATABASE_URL": db.SystemURL, "DIRECT_DATABASE_URL": db.OwnerURL})
	o.admin = db.AdminURL
	stop := o.write(t, 20)
	for range figure(10, 250) {
		for _, before := range []moment{requestOfCommit, answerToCommit} {
			c.next.Store(int32(before))
			until(t, "a commit is cut", func() bool { return c.next.Load() == 0 })
			o.acknowledged(t, 5)
		}
	}
	stop()
	o.audit(t)
	o.everyProcessWorks(t)
}

type moment int32

const (
	requestOfCommit moment = iota + 1 // is cut off: nothing was committed
	answerToCommit                    // is cut off: all was committed
)

// cutter stands between the functions and PostgreSQL, and cuts the connection that the next commit goes through.
type cutter struct {
	net.Listener
	upstream, url string
	next          atomic.Int32 // a moment; 0 cuts nothing
}

func newCutter(t testing.TB, database string) *cutter {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c := &cutter{Listener: l, upstream: u.Host}
	u.Host = l.Addr().String()
	c.url = u.String()
	go c.accept()
	return c
}

// accept joins connections, until the listener is closed.
func (c *cutter) accept() {
	for {
		in, err := c.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", c.upstream)
		if err != nil {
			in.Close()
			continue
		}
		go c.join(in, out, answerToCommit, []byte("COMMIT\x00"))
		go c.join(out, in, requestOfCommit, commitStatement("commit"), []byte("commit\x00"))
	}
}

// commitStatement is pgx's name for a statement that it has prepared.
func commitStatement(sql string) []byte {
	sum := sha256.Sum256([]byte(sql))
	return []byte("stmtcache_" + hex.EncodeToString(sum[:24]) + "\x00")
}

// join passes on what comes, and ends when the other way does, or when it is this one's turn to be cut at one of the marks.
func (c *cutter) join(to, from net.Conn, at moment, marks ...[]byte) {
	defer to.Close()
	defer from.Close()
	part := make([]byte, 64<<10)
	for {
		n, err := from.Read(part)
		for _, mark := range marks {
			if bytes.Contains(part[:n], mark) && c.next.CompareAndSwap(int32(at), 0) {
				return
			}
		}
		if _, e := to.Write(part[:n]); e != nil || err != nil {
			return
		}
	}
}
