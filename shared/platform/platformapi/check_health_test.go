package platformapi_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/platform/redisprobe"
	"fitkit/shared/postgres"
	"fitkit/shared/secret"
)

// nothingThere is an address that nothing listens on: port 1 is reserved.
const nothingThere = "redis://user:hidden-password@127.0.0.1:1/0"

func redisURL(t *testing.T) secret.Secret {
	url := os.Getenv("TEST_REDIS_URL")
	if url == "" {
		t.Fatal("TEST_REDIS_URL is not set: run the tests with `make test`")
	}
	return secret.Secret(url)
}

type health struct {
	Status, Build string
	Stores        []struct {
		Name, Status string
		Millis       float64 `json:"ms"`
	}
}

func check(t *testing.T, url secret.Secret, postgresDown bool, path string) (int, health, string) {
	t.Helper()
	redis := redisprobe.New(url)
	t.Cleanup(redis.Close)
	var db *postgres.DB
	e := apitest.New(t, func(d *postgres.DB) []api.Endpoint {
		db = d
		return []api.Endpoint{platformapi.CheckHealth(platform.NewChecker(
			platform.Store{Name: "postgres", Vital: true, Ping: d.Ping}, platform.Store{Name: "redis", Ping: redis.Ping}))}
	})
	if postgresDown {
		db.Close()
	}
	r := e.Anonymous(t).Get(path)
	var h health
	r.Into(&h)
	return r.Status, h, string(r.Body)
}

func TestCheckHealth(t *testing.T) {
	for name, tc := range map[string]struct {
		redis        secret.Secret
		postgresDown bool
		path         string
		code         int
		status       string
		stores       []string
	}{
		"all is well":                                       {redisURL(t), false, "/healthz", 200, "ok", []string{"postgres up", "redis up"}},
		"the former address answers alike":                  {redisURL(t), false, "/health", 200, "ok", []string{"postgres up", "redis up"}},
		"without Redis the system works":                    {nothingThere, false, "/healthz", 200, "degraded", []string{"postgres up", "redis down"}},
		"without Postgres it does not":                      {redisURL(t), true, "/healthz", 503, "down", []string{"postgres down", "redis up"}},
		"the former address says so too":                    {nothingThere, true, "/health", 503, "down", []string{"postgres down", "redis down"}},
		"a URL that cannot be read is a store that is down": {"redis://%zz", false, "/healthz", 200, "degraded", []string{"postgres up", "redis down"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, h, text := check(t, tc.redis, tc.postgresDown, tc.path)
			var stores []string
			for _, s := range h.Stores {
				stores = append(stores, s.Name+" "+s.Status)
			}
			if code != tc.code || h.Status != tc.status || !slices.Equal(stores, tc.stores) || h.Build == "" {
				t.Fatalf("%d %s", code, text)
			}
			if strings.Contains(text, "hidden-password") || strings.Contains(text, "127.0.0.1") {
				t.Fatalf("it tells the public where things are: %s", text)
			}
		})
	}
}

// Redis that comes back is noticed by the same process.
func TestRedisIsAskedAnew(t *testing.T) {
	t.Parallel()
	redis := redisprobe.New(redisURL(t))
	defer redis.Close()
	for range 2 {
		if err := redis.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		redis.Close()
	}
}
