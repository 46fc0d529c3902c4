package sockets

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// connection is one open WebSocket.
type connection struct {
	api       *API
	id        string
	base      event // what all its events have in common
	connected time.Time
	last      atomic.Int64 // when something was last sent or received, Unix milliseconds
	conn      *websocket.Conn
	idle      *time.Timer

	ending sync.Once
	code   websocket.StatusCode // why we ended it
	reason string
}

func newConnection(a *API, r *http.Request) *connection {
	raw := make([]byte, 11) // ids look like "L0SM9cOFvHcCIhw="
	_, _ = rand.Read(raw)
	c := &connection{api: a, id: base64.URLEncoding.EncodeToString(raw), connected: a.opt.Now()}
	c.base = newEvent(c, r)
	return c
}

// connect is the status that $connect answers; without such a route everybody is let in.
func (c *connection) connect(r *http.Request) int {
	function, ok := c.api.routes["$connect"]
	if !ok {
		return http.StatusOK
	}
	status, _ := c.api.invoke(function, c.base.connect(r)) // a failure is a status too
	return status
}

// begin has the connection speak over conn from now on.
func (c *connection) begin(conn *websocket.Conn) {
	conn.SetReadLimit(maxMessage)
	c.conn = conn
	c.idle = time.AfterFunc(c.api.opt.Idle, func() { c.end(websocket.StatusGoingAway, "Going away") })
	c.touch()
}

// serve reads until the connection ends and says how it did.
func (c *connection) serve() (websocket.StatusCode, string) {
	defer c.idle.Stop()
	old := time.AfterFunc(c.api.opt.Life, func() { c.end(websocket.StatusGoingAway, "Going away") })
	defer old.Stop()
	for {
		_, body, err := c.conn.Read(context.Background())
		if err != nil {
			return c.ended(err)
		}
		c.touch()
		c.message(body)
	}
}

// ended is the code of the end: ours, the client's, or that it was just gone.
func (c *connection) ended(err error) (websocket.StatusCode, string) {
	_ = c.conn.CloseNow() // it has ended
	c.ending.Do(func() {
		c.code = websocket.StatusAbnormalClosure
		var said websocket.CloseError
		switch {
		case errors.As(err, &said):
			c.code, c.reason = said.Code, said.Reason
		case errors.Is(err, websocket.ErrMessageTooBig), errors.Is(err, errFrame):
			c.code = websocket.StatusMessageTooBig
		}
	})
	return c.code, c.reason
}

// end closes the connection from this side. The handshake of closing waits for the client, so nobody waits for it.
func (c *connection) end(code websocket.StatusCode, reason string) {
	c.ending.Do(func() {
		c.code, c.reason = code, reason
		go func() { _ = c.conn.Close(code, reason) }() // a client that does not answer is cut by the library
	})
}

func (c *connection) touch() {
	c.last.Store(c.api.opt.Now().UnixMilli())
	c.idle.Reset(c.api.opt.Idle)
}

// message runs the route that the message names. One after the other: on AWS two may run at once, and their order is nobody's.
func (c *connection) message(body []byte) {
	function, key := c.route(body)
	id := requestID()
	if function == "" {
		c.tell("Forbidden", id)
		return
	}
	if _, err := c.api.invoke(function, c.base.message(key, id, body)); err != nil {
		c.tell("Internal server error", id)
	}
}

// route selects by $request.body.action.
func (c *connection) route(body []byte) (function, key string) {
	var m struct{ Action string }
	if json.Unmarshal(body, &m) == nil && m.Action != "" && m.Action[0] != '$' {
		if function, ok := c.api.routes[m.Action]; ok {
			return function, m.Action
		}
	}
	return c.api.routes["$default"], "$default"
}

// tell sends API Gateway's own message.
func (c *connection) tell(message, request string) {
	body, err := json.Marshal(map[string]string{"message": message, "connectionId": c.id, "requestId": request})
	if err == nil {
		_ = c.write(context.Background(), body) // a client that has left needs no telling
	}
}

func (c *connection) write(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, body); err != nil {
		return err
	}
	c.touch()
	return nil
}

// disconnect runs $disconnect; it is a best effort on AWS too.
func (c *connection) disconnect(code websocket.StatusCode, reason string) {
	if function, ok := c.api.routes["$disconnect"]; ok {
		_, _ = c.api.invoke(function, c.base.disconnect(code, reason))
	}
}
