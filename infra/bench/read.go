package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"fitkit/infra/local/host"
	"fitkit/infra/local/template"
	"fitkit/shared/auth/authtest"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
)

const (
	readFunction = "api-member-get"
	rawFunction  = "rawread"
	warmReads    = 500
	reads        = 5000
	// maxRead is the bound of a warm read, as a multiple of the bare handler's.
	maxRead = 1.3
)

func readFigures(ctx context.Context, s *system) ([]figure, error) {
	member, err := s.readRows(ctx)
	if err != nil {
		return nil, err
	}
	figures, err := s.compareReads(ctx, member)
	if err != nil {
		return nil, err
	}
	trips, err := s.roundTrips(ctx, member)
	return append(figures, trips...), err
}

// compareReads drives both functions through one Runtime API with the same event, in turns.
func (s *system) compareReads(ctx context.Context, member id.Member) ([]figure, error) {
	key, token, err := newToken(s.Variables["CLERK_ISSUER"], strings.Split(s.Variables["CLERK_AUTHORIZED_PARTIES"], ",")[0])
	if err != nil {
		return nil, err
	}
	ours, err := s.function(readFunction)
	if err != nil {
		return nil, err
	}
	ours.Env = maps.Clone(ours.Env)
	ours.Env["CLERK_JWT_KEY"] = key
	raw, err := s.rawRead(ours)
	if err != nil {
		return nil, err
	}
	h, err := newHost(ours, raw)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	event, err := readEvent(member, token)
	if err != nil {
		return nil, err
	}
	took := map[string]*sample{readFunction: {}, rawFunction: {}}
	for i := range warmReads + s.times(reads) {
		for name, into := range took {
			d, err := invokeRead(ctx, h, name, event, member)
			if err != nil {
				return nil, err
			}
			if i >= warmReads {
				into.add(d)
			}
		}
	}
	a, b := *took[readFunction], *took[rawFunction]
	return []figure{
		{name: "warm read, " + readFunction, value: a.median(), spread: a.medians(runs), unit: "µs", none: true},
		{name: "warm read, bare handler", value: b.median(), spread: b.medians(runs), unit: "µs", none: true},
		ratio("warm read compared with the bare handler", a, b, maxRead),
	}, nil
}

// rawRead is the bare handler with the environment and the statements of the real function.
func (s *system) rawRead(like template.Function) (template.Function, error) {
	f := like
	f.Name, f.LambdaName = rawFunction, rawFunction
	f = built(f)
	f.Env = map[string]string{"DATABASE_URL": like.Env["DATABASE_URL"], "RAW_ORG": clerkOrg, "RAW_USER": clerkUser}
	for variable, at := range map[string][2]string{"RAW_ENTER": {"shared/postgres", "sqlEnter"}, "RAW_GET": {"shared/member", "sqlGet"}} {
		sql, err := statement(at[0], at[1])
		if err != nil {
			return f, err
		}
		f.Env[variable] = sql
	}
	return f, nil
}

// statement is a package's own SQL, read from its source, so that both sides run the same.
func statement(folder, name string) (string, error) {
	all, err := postgrestest.Statements(folder)
	if err != nil {
		return "", fmt.Errorf("read the statements of %s: %w", folder, err)
	}
	if all[name] == "" {
		return "", fmt.Errorf("%s has no statement %s", folder, name)
	}
	return all[name], nil
}

func invokeRead(ctx context.Context, h *host.Host, function string, event []byte, member id.Member) (time.Duration, error) {
	began := time.Now()
	result, err := h.Invoke(ctx, function, event)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(result.Payload, &answer); err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(answer.Body, member.String()) {
		return 0, fmt.Errorf("%s answered %s", function, result.Payload)
	}
	return took, nil
}

// newToken signs a session of the studio's owner with a key of its own; the key's public half is what CLERK_JWT_KEY holds.
func newToken(issuer, party string) (public, token string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", "", err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", "", err
	}
	now := time.Now()
	token, err = authtest.Sign(key, "bench", map[string]any{
		"iss": issuer, "sub": clerkUser, "sid": "sess_bench", "azp": party, "v": 2, "sts": "active", "fva": []int{1, -1},
		"iat": now.Unix(), "nbf": now.Unix() - 5, "exp": now.Add(50 * time.Minute).Unix(),
		"o": map[string]string{"id": clerkOrg, "slg": "bench", "rol": "admin"},
	})
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), token, err
}

// readEvent is GET /v1/members/{id} as the HTTP API sends it for a browser's request.
func readEvent(member id.Member, token string) ([]byte, error) {
	path, route, now := "/v1/members/"+member.String(), "GET /v1/members/{id}", time.Now().UTC()
	return json.Marshal(events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route, RawPath: path, PathParameters: map[string]string{"id": member.String()},
		Headers: map[string]string{
			"accept": "application/json", "accept-encoding": "gzip, deflate, br", "accept-language": "he-IL,he;q=0.9,en;q=0.8",
			"authorization": "Bearer " + token, "host": "api.fitkit.example", "origin": "https://app.fitkit.example",
			"user-agent":      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
			"x-amzn-trace-id": "Root=1-65000000-0123456789abcdef01234567",
			"x-forwarded-for": "192.0.2.7", "x-forwarded-port": "443", "x-forwarded-proto": "https", "x-correlation-id": "bench-correlation",
		},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			AccountID: "000000000000", APIID: "bench", DomainName: "api.fitkit.example", DomainPrefix: "api", RequestID: "bench-request",
			RouteKey: route, Stage: "$default", Time: now.Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "GET", Path: path, Protocol: "HTTP/1.1", SourceIP: "192.0.2.7"},
		},
	})
}
