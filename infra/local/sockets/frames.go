package sockets

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// errFrame ends the connection of a client that sends a frame over 32 kB: it must split its messages.
var errFrame = errors.New("a frame over 32 kB")

// framed hands out a connection that looks at the lengths of the frames it reads.
type framed struct{ http.ResponseWriter }

// Hijack implements http.Hijacker. What a quick client has sent with its handshake is in the server's buffer: it is read first, through
// the frames too.
func (f framed) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(f.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early := make([]byte, buffer.Reader.Buffered())
	if _, err := io.ReadFull(buffer, early); err != nil {
		return nil, nil, err
	}
	through := &frames{Conn: conn, early: early}
	return through, bufio.NewReadWriter(bufio.NewReader(through), buffer.Writer), nil
}

// frames follows the frames of RFC 6455 §5.2 through the bytes that are read.
type frames struct {
	net.Conn
	early []byte // read already, before the hijack
	head  []byte // of the header under way
	skip  uint64 // bytes of payload still to come
}

// Read passes on what it reads, until a frame is announced that is too long; the client is told so by the close code 1009.
func (f *frames) Read(p []byte) (int, error) {
	n, err := f.read(p)
	if f.tooLong(p[:n]) {
		code := uint16(websocket.StatusMessageTooBig)
		_, _ = f.Conn.Write([]byte{0x88, 2, byte(code >> 8), byte(code)}) // it may have gone already
		return 0, errFrame
	}
	return n, err
}

func (f *frames) read(p []byte) (int, error) {
	if len(f.early) == 0 {
		return f.Conn.Read(p)
	}
	n := copy(p, f.early)
	f.early = f.early[n:]
	return n, nil
}

func (f *frames) tooLong(b []byte) bool {
	for len(b) > 0 {
		if f.skip > 0 {
			passed := min(f.skip, uint64(len(b)))
			f.skip -= passed
			b = b[passed:]
			continue
		}
		f.head, b = append(f.head, b[0]), b[1:]
		length, whole := payload(f.head)
		if !whole {
			continue
		}
		if length > maxFrame {
			return true
		}
		f.head, f.skip = f.head[:0], length
	}
	return false
}

// payload is the length that a frame's header announces, once all of the header is there.
func payload(head []byte) (length uint64, whole bool) {
	if len(head) < 2 {
		return 0, false
	}
	extended, mask := 0, 0
	switch length = uint64(head[1] & 0x7f); length {
	case 126:
		extended = 2
	case 127:
		extended = 8
	}
	if head[1]&0x80 != 0 {
		mask = 4
	}
	if len(head) < 2+extended+mask {
		return 0, false
	}
	switch extended {
	case 2:
		length = uint64(binary.BigEndian.Uint16(head[2:]))
	case 8:
		length = binary.BigEndian.Uint64(head[2:])
	}
	return length, true
}
