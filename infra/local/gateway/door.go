package gateway

import (
	"net"
	"net/http"
)

// ownPages keeps a web page that a developer happens to visit from reading or steering the local platform. A browser says
// where a request comes from, and by which name it found us: a foreign name that was made to lead to this machine (DNS
// rebinding) is refused, and so is a known one with another port than the request came in by.
func ownPages(next http.Handler) http.Handler {
	crossing := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if !ownHost(r) || origin != "" && origin != "http://"+r.Host || crossing.Check(r) != nil {
			message(w, http.StatusForbidden, "Forbidden")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ownHost(r *http.Request) bool {
	name, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		name, port = r.Host, "80"
	}
	if name != "localhost" && name != "127.0.0.1" && name != "::1" {
		return false
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return true // no connection of a server, as in tests
	}
	_, own, err := net.SplitHostPort(local.String())
	return err == nil && port == own
}
