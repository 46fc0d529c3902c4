package sockets

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// quick is a response whose client has sent so much already that the server holds it in its buffer.
type quick struct {
	http.ResponseWriter
	conn   net.Conn
	buffer *bufio.Reader
}

func (q quick) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return q.conn, bufio.NewReadWriter(q.buffer, bufio.NewWriter(q.conn)), nil
}

// TestFramesBeginWithWhatWasSentEarly: what a client had sent before the hijack was not followed, so that the rest was taken for other
// frames: one too long was let through, and one that is not could have ended its connection.
func TestFramesBeginWithWhatWasSentEarly(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	go func() {
		_, _ = theirs.Write([]byte{2, 'h', 'i', 0x81, 126, 0x80, 1}) // the end of a short frame, and the header of one of 32 kB and a byte
		_, _ = io.Copy(io.Discard, theirs)
	}()
	buffer := bufio.NewReader(strings.NewReader("\x81")) // the first byte of the first frame
	if _, err := buffer.Peek(1); err != nil {
		t.Fatal(err)
	}
	conn, rw, err := framed{quick{conn: ours, buffer: buffer}}.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	if n := rw.Reader.Buffered(); n != 0 {
		t.Errorf("%d bytes go past the frames", n)
	}
	read, err := io.ReadAll(conn)
	if string(read) != "\x81" || !errors.Is(err, errFrame) {
		t.Errorf("%q, %v", read, err)
	}
}
