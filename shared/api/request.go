package api

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"fitkit/shared/auth"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
)

const (
	keyHeader         = "Idempotency-Key"
	orgHeader         = "FitKit-Org"
	correlationHeader = "X-Correlation-Id"
	maxKey            = 255
)

// Verifier checks session tokens; *auth.Verifier does.
type Verifier interface {
	Verify(ctx context.Context, token string) (auth.Session, error)
}

// request is what the edge found out about a request before huma sees it.
type request struct {
	caller      Caller
	key         postgres.Key
	correlation string
}

type requestKey struct{}

func requestFrom(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}

func correlationOf(ctx huma.Context) string {
	if ctx == nil {
		return ""
	}
	return requestFrom(ctx.Context()).correlation
}

// guard stands before huma: it signs the caller in, reads the key, and answers panics.
func guard(op Op, e *edge, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := request{correlation: correlation(r)}
		w.Header().Set(correlationHeader, req.correlation) // of every answer, a refusal too
		ctx := obs.WithCorrelation(r.Context(), req.correlation)
		defer func() {
			if p := recover(); p != nil {
				obs.Failed(ctx, obs.Panicked(ctx))
				obs.Forget(ctx) // its transaction did not commit
				writeProblem(w, fail.ErrInternal, req.correlation)
			}
		}()
		err := admit(ctx, op, e, r, &req)
		if err != nil {
			obs.Refused(ctx, err)
			writeProblem(w, fail.From(err), req.correlation)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, requestKey{}, req)))
	})
}

func admit(ctx context.Context, op Op, e *edge, r *http.Request, req *request) error {
	req.caller.CorrelationID = req.correlation
	if !op.Public {
		if err := signIn(ctx, op, e, r, req); err != nil {
			return err
		}
	}
	if err := checkQuery(r); err != nil {
		return err
	}
	if r.ContentLength > 0 && !isJSON(r.Header.Get("Content-Type")) {
		return ErrNotJSON
	}
	if op.keyed() {
		return readKey(op, e, r, req)
	}
	return nil
}

func signIn(ctx context.Context, op Op, e *edge, r *http.Request, req *request) error {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		return ErrSignIn
	}
	s, err := e.verifier.Verify(ctx, token)
	switch {
	case errors.Is(err, auth.ErrSessionPending):
		return ErrSessionPending
	case errors.Is(err, auth.ErrKeysUnavailable):
		return ErrKeysUnavailable
	case err != nil:
		obs.Add(ctx, "token_refused", err.Error()) // the verifier's reasons never hold the token
		return ErrSignIn
	}
	req.caller = Caller{UserID: s.UserID, SessionID: s.SessionID, Allowed: op.Roles, CorrelationID: req.correlation,
		FirstFactor: s.Factors.First, SecondFactor: s.Factors.Second, Impersonator: s.ImpersonatorID}
	if s.ImpersonatorID != "" {
		obs.Add(ctx, "impersonator", s.ImpersonatorID)
	}
	if s.Org != nil {
		req.caller.ClerkOrg, req.caller.ClerkSlug, req.caller.ClerkRole = s.Org.ID, s.Org.Slug, strings.TrimPrefix(s.Org.Role, "org:")
	}
	if op.admin() {
		return admitAdmin(ctx, e, s, req)
	}
	if s.ImpersonatorID != "" && op.keyed() {
		return ErrImpersonated // or the studio's trail would say that the user did it
	}
	return readOrg(r, req)
}

func readOrg(r *http.Request, req *request) (err error) {
	if sent := r.Header.Values(orgHeader); len(sent) > 0 { // an empty one too: it names no studio, and is not taken for none
		if req.caller.HeaderOrg, err = id.Parse[id.Org](sent[0]); err != nil {
			return postgres.ErrOrgNotFound // the same answer as another studio's id
		}
	}
	if req.caller.ClerkOrg == "" && req.caller.HeaderOrg.IsZero() {
		return ErrNoOrg
	}
	return nil
}

// checkQuery refuses a parameter without a value. huma would take it for one that was left out, so that a filter by an
// empty variable lists everything. The cursor may be empty: so is the first page's.
func checkQuery(r *http.Request) error {
	for name, values := range r.URL.Query() {
		if name != "cursor" && slices.Contains(values, "") {
			return ErrInvalid.WithFields(fail.At(location("query."+name), "must have a value, or be left out", "חייב להיות בעל ערך, או להישמט"))
		}
	}
	return nil
}

// hash is of requests. The database keeps it beside the last digits of an identity number, so where the body may be one
// it is keyed: a thousand million numbers are tried in minutes. A key that rotates refuses repeats from before it.
func (e *edge) hash() hash.Hash {
	if e.hashKey == "" {
		return sha256.New()
	}
	sum := hmac.New(sha256.New, []byte(e.hashKey.Reveal()))
	sum.Write([]byte("fitkit/request/1\n")) // apart from what else the key is for
	return sum
}

// readKey reads the Idempotency-Key and hashes what it stands for: the operation, its address and its body.
func readKey(op Op, e *edge, r *http.Request, req *request) error {
	key := r.Header.Get(keyHeader)
	if key == "" || len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return ErrKeyMissing
	}
	limit := or(op.MaxBody, defaultMaxBody)
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return ErrMalformed
	}
	if int64(len(body)) > limit {
		return ErrTooLarge
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := e.hash()
	for _, part := range []string{op.Name, r.URL.EscapedPath(), r.URL.RawQuery, ""} {
		sum.Write([]byte(part + "\n"))
	}
	sum.Write(body)
	req.key = postgres.Key{Value: key, Operation: op.Name, SHA: sum.Sum(nil), Lasting: op.Lasting}
	return nil
}

func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/json")
}

// correlation is the caller's id when it is a plain short one with a letter in it, else a new one: digits alone could be
// a card or an identity number, and the id is logged.
func correlation(r *http.Request) string {
	h := r.Header.Get(correlationHeader)
	if len(h) < 8 || len(h) > 64 || strings.Trim(h, "0123456789-_") == "" || strings.Trim(h, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return id.New[id.Event]().String()
	}
	return h
}
