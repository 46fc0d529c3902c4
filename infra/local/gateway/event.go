package gateway

import (
	"encoding/base64"
	"math/rand/v2"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	accountID   = "000000000000"
	requestTime = "02/Jan/2006:15:04:05 -0700"
)

// apiName is how the front door that was used is named in requestContext.
type apiName struct{ id, domain, prefix string }

// event is a request on its way to a function.
type event struct {
	request  *http.Request
	body     []byte
	routeKey string
	params   []pair
	now      time.Time
	api      apiName
	id       string // of the request; made by encode when empty
}

type pair struct{ name, value string }

// encode writes the payload 2.0 event. Absent maps and bodies are absent, not empty.
func (e *event) encode() []byte {
	if e.id == "" {
		e.id = requestID()
	}
	r := e.request
	headers, cookies := e.headers()
	b := make([]byte, 0, 1024+len(e.body)*5/4)
	b = append(b, `{"version":"2.0"`...)
	b = member(b, "routeKey", e.routeKey)
	b = member(b, "rawPath", r.URL.Path)
	b = member(b, "rawQueryString", r.URL.RawQuery)
	if len(cookies) > 0 {
		b = append(b, `,"cookies":[`...)
		for i, c := range cookies {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, c)
		}
		b = append(b, ']')
	}
	b = object(b, "headers", headers)
	b = object(b, "queryStringParameters", query(r.URL.RawQuery))
	b = object(b, "pathParameters", e.params)
	b = e.context(b)
	if len(e.body) == 0 {
		return append(b, `,"isBase64Encoded":false}`...)
	}
	if isText(r.Header) && utf8.Valid(e.body) {
		b = member(b, "body", string(e.body))
		return append(b, `,"isBase64Encoded":false}`...)
	}
	b = append(b, `,"body":"`...)
	b = base64.StdEncoding.AppendEncode(b, e.body)
	return append(b, `","isBase64Encoded":true}`...)
}

func (e *event) context(b []byte) []byte {
	r := e.request
	b = append(b, `,"requestContext":{"accountId":"`+accountID+`"`...)
	b = member(b, "apiId", e.api.id)
	b = member(b, "domainName", e.api.domain)
	b = member(b, "domainPrefix", e.api.prefix)
	b = append(b, `,"http":{"method":`...)
	b = appendString(b, r.Method)
	b = member(b, "path", r.URL.Path)
	b = member(b, "protocol", r.Proto)
	b = member(b, "sourceIp", remoteIP(r))
	b = member(b, "userAgent", r.UserAgent())
	b = append(b, '}')
	b = member(b, "requestId", e.id)
	b = member(b, "routeKey", e.routeKey)
	b = append(b, `,"stage":"$default"`...)
	b = member(b, "time", e.now.UTC().Format(requestTime))
	b = append(b, `,"timeEpoch":`...)
	b = strconv.AppendInt(b, e.now.UnixMilli(), 10)
	return append(b, '}')
}

// hopByHop headers belong to one connection and are not forwarded.
var hopByHop = []string{"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}

// headers gives the headers in lower case, repeated ones joined with a comma, sorted by name, and the cookies,
// which are taken out of them.
func (e *event) headers() (headers []pair, cookies []string) {
	r := e.request
	drop := slices.Clone(hopByHop)
	for _, names := range r.Header["Connection"] {
		for name := range strings.SplitSeq(names, ",") {
			drop = append(drop, strings.ToLower(strings.TrimSpace(name)))
		}
	}
	own := e.ownHeaders()
	for name, values := range r.Header {
		name = strings.ToLower(name)
		switch {
		case name == "cookie":
			for _, v := range values {
				cookies = append(cookies, strings.Split(v, "; ")...)
			}
		case slices.Contains(drop, name), slices.ContainsFunc(own, func(p pair) bool { return p.name == name }):
		default:
			headers = append(headers, pair{name, strings.Join(values, ",")})
		}
	}
	headers = append(headers, own...)
	slices.SortFunc(headers, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return headers, cookies
}

// ownHeaders are set by the front door whatever the client sent, but for x-forwarded-for, to which it appends.
func (e *event) ownHeaders() []pair {
	r := e.request
	forwarded := remoteIP(r)
	if before := r.Header["X-Forwarded-For"]; len(before) > 0 {
		forwarded = strings.Join(before, ",") + ", " + forwarded
	}
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		port = "80"
	}
	own := []pair{
		{"host", r.Host}, {"x-forwarded-for", forwarded}, {"x-forwarded-port", port}, {"x-forwarded-proto", "http"},
		{"x-amzn-trace-id", "Root=1-" + strconv.FormatInt(e.now.Unix(), 16) + "-" + traceSuffix(e.id)},
	}
	if len(e.body) > 0 || r.ContentLength > 0 {
		own = append(own, pair{"content-length", strconv.Itoa(len(e.body))})
	}
	return own
}

// traceSuffix is 24 hexadecimal digits made from a request id.
func traceSuffix(id string) string {
	const hex = "0123456789abcdef"
	out := make([]byte, 24)
	for i := range out {
		c := id[(i/2)%len(id)]
		out[i] = hex[(c>>(4*(i%2)))&15]
	}
	return string(out)
}

func remoteIP(r *http.Request) string {
	if ip, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return ip
	}
	return r.RemoteAddr
}

// requestID has the form of API Gateway's: fifteen letters of base64 and "=".
func requestID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, 16)
	bits := rand.Uint64()
	for i := range 15 {
		if i == 10 {
			bits = rand.Uint64()
		}
		b[i], bits = letters[bits&63], bits>>6
	}
	b[15] = '='
	return string(b)
}

// query decodes a query string; repeated names are joined with a comma, in order of first appearance. A part
// that cannot be decoded stays as it is.
func query(raw string) []pair {
	var out []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, value = unescape(name), unescape(value)
		if i := slices.IndexFunc(out, func(p pair) bool { return p.name == name }); i >= 0 {
			out[i].value += "," + value
			continue
		}
		out = append(out, pair{name, value})
	}
	return out
}

func unescape(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// isText says that a body is passed as it is: its type is text-like and it is not compressed.
func isText(h http.Header) bool {
	if h.Get("Content-Encoding") != "" {
		return false
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return false
	}
	switch kind {
	case "application/json", "application/xml", "application/javascript", "application/x-www-form-urlencoded":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

func member(b []byte, name, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, `":`...)
	return appendString(b, value)
}

func object(b []byte, name string, pairs []pair) []byte {
	if len(pairs) == 0 {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, `":{`...)
	for i, p := range pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, p.name)
		b = append(b, ':')
		b = appendString(b, p.value)
	}
	return append(b, '}')
}

// appendString writes s as a JSON string; bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
		}
	}
	return append(b, '"')
}
