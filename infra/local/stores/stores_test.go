package stores

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/jackc/pgx/v5"
)

// dirFor is a folder for stores whose data is deleted after the test.
func dirFor(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		if err := Wipe(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func startStores(t *testing.T, o Options) *Stores {
	t.Helper()
	o.Progress = func(line string) { t.Log(line) }
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func stop(t *testing.T, s *Stores) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// ask runs one statement and gives its only value.
func ask(t *testing.T, databaseURL, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if last := results[len(results)-1]; len(last.Rows) == 1 {
		return string(last.Rows[0][0])
	}
	return ""
}

const writeName = `create table studio (name text); insert into studio values ('סטודיו')`
const readName = `select name from studio`

func TestASecondStartFindsTheDataOfTheFirst(t *testing.T) {
	dir := dirFor(t)
	first := startStores(t, Options{Dir: dir})
	ask(t, first.AdminURL, writeName)
	stop(t, first)

	second := startStores(t, Options{Dir: dir})
	if got := ask(t, second.AdminURL, readName); got != "סטודיו" {
		t.Errorf("read %q", got)
	}
	if second.AdminURL != first.AdminURL || second.RedisURL != first.RedisURL || second.SQSEndpoint != first.SQSEndpoint ||
		second.S3Endpoint != first.S3Endpoint {
		t.Error("the second start has other addresses though the ports were free")
	}
}

func TestPostgresIsWhatTheDesignAsksFor(t *testing.T) {
	s := startStores(t, Options{Dir: dirFor(t), RedisURL: "redis://given", SQSEndpoint: "http://given", S3Endpoint: "http://given"})
	ask(t, s.AdminURL, "create extension vector; create extension pg_trgm; create extension citext")
	for name, tc := range map[string]struct{ sql, want string }{
		"a commit survives a power cut":           {"show fsync", "on"},
		"300 connections are allowed":             {"show max_connections", "300"},
		"text is UTF-8":                           {"show server_encoding", "UTF8"},
		"Hebrew letters are letters":              {`select 'שלום' ~ '^[[:alpha:]]+$'`, "t"},
		"Hebrew sorts by its alphabet":            {`select string_agg(x, '' order by x) from unnest('{ת,א,ב}'::text[]) x`, "אבת"},
		"accents have an upper case":              {`select upper('é')`, "É"},
		"vectors have a distance":                 {`select '[1,2]'::vector <-> '[1,5]'::vector`, "3"},
		"passwords are never stored or sent bare": {"show password_encryption", "scram-sha-256"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ask(t, s.AdminURL, tc.sql); got != tc.want {
				t.Errorf("%s gives %q, want %q", tc.sql, got, tc.want)
			}
		})
	}
	t.Run("a role reaches its own database", func(t *testing.T) {
		ask(t, s.AdminURL, `create role app login password 'p@ss/word'`)
		ask(t, s.AdminURL, `create database fit`)
		if got := ask(t, s.DatabaseURL("app", "p@ss/word", "fit"), `select current_user || '@' || current_database()`); got != "app@fit" {
			t.Errorf("connected as %q", got)
		}
	})
	t.Run("a wrong password is refused", func(t *testing.T) {
		if _, err := pgx.Connect(t.Context(), s.DatabaseURL(superuser, "wrong", "postgres")); err == nil {
			t.Error("connected with a wrong password")
		}
	})
	t.Run("the Unix socket answers", func(t *testing.T) {
		if got := ask(t, s.AdminURL+"&host="+url.QueryEscape(s.SocketDir), "select inet_client_addr() is null"); got != "t" {
			t.Errorf("inet_client_addr is null: %s", got)
		}
	})
	if s.RedisURL != "redis://given" || s.SQSEndpoint != "http://given" || s.S3Endpoint != "http://given" || len(s.running) != 1 {
		t.Error("a store was started though its URL was given")
	}
}

func TestFastGivesUpDurability(t *testing.T) {
	s := startStores(t, Options{Dir: dirFor(t), RedisURL: "redis://given", SQSEndpoint: "http://given", S3Endpoint: "http://given", Fast: true})
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		if got := ask(t, s.AdminURL, "show "+setting); got != "off" {
			t.Errorf("%s is %s", setting, got)
		}
	}
}

func TestSQSHasOneRegionAndAccountWhoeverAsks(t *testing.T) {
	s := startStores(t, Options{Dir: dirFor(t), AdminURL: "postgres://given", RedisURL: "redis://given", S3Endpoint: "http://given"})
	client := sqs.New(sqs.Options{
		Region: "us-west-2", BaseEndpoint: aws.String(s.SQSEndpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
	made, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	if want := s.SQSEndpoint + "/" + Account + "/q"; aws.ToString(made.QueueUrl) != want {
		t.Errorf("queue URL %s, want %s", aws.ToString(made.QueueUrl), want)
	}
	got, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:sqs:" + Region + ":" + Account + ":q"; got.Attributes["QueueArn"] != want {
		t.Errorf("ARN %s, want %s", got.Attributes["QueueArn"], want)
	}
}

func TestStoresListenOnLoopbackOnly(t *testing.T) {
	s := startStores(t, Options{Dir: dirFor(t)})
	for _, address := range []string{s.AdminURL, s.RedisURL, s.SQSEndpoint, s.S3Endpoint} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		// 127.0.0.2 reaches a server that listens on every address, and no other.
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.2", u.Port()), time.Second)
		if err == nil {
			conn.Close()
			t.Errorf("%s listens on every address", u.Host)
		}
	}
}

func TestASecondPlatformInTheSameFolderIsRefused(t *testing.T) {
	o := Options{Dir: dirFor(t), AdminURL: "postgres://given", RedisURL: "redis://given", SQSEndpoint: "http://given", S3Endpoint: "http://given"}
	first := startStores(t, o)
	_, err := Start(t.Context(), o)
	want := "FitKit already runs from this folder (process " + strconv.Itoa(os.Getpid()) + "). Stop it with Ctrl-C there, or use another checkout."
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if err := Wipe(o.Dir); err == nil || err.Error() != want {
		t.Errorf("wiping a running platform's data: %v", err)
	}
	stop(t, first)
	startStores(t, o)
}

func TestAKilledPostgresIsReportedAndLosesNothing(t *testing.T) {
	o := Options{Dir: dirFor(t), RedisURL: "redis://given", SQSEndpoint: "http://given", S3Endpoint: "http://given"}
	s := startStores(t, o)
	ask(t, s.AdminURL, writeName)
	if err := syscall.Kill(s.running[0].process.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-s.Died(); !strings.HasPrefix(err.Error(), "PostgreSQL stopped by itself.") {
		t.Errorf("told %q", err)
	}
	stop(t, s)
	again := startStores(t, o)
	if got := ask(t, again.AdminURL, readName); got != "סטודיו" {
		t.Errorf("read %q", got)
	}
}

func TestADeletedFolderStartsAfresh(t *testing.T) {
	o := Options{Dir: filepath.Join(t.TempDir(), "local"), RedisURL: "redis://given", SQSEndpoint: "http://given", S3Endpoint: "http://given"}
	t.Cleanup(func() { _ = Wipe(o.Dir) })
	s := startStores(t, o)
	ask(t, s.AdminURL, writeName)
	stop(t, s)
	if err := os.RemoveAll(o.Dir); err != nil {
		t.Fatal(err)
	}
	again := startStores(t, o)
	if got := ask(t, again.AdminURL, "select count(*) from pg_tables where tablename = 'studio'"); got != "0" {
		t.Error("the deleted database is back")
	}
}

func TestACancelledStartLeavesNothing(t *testing.T) {
	o := Options{Dir: dirFor(t)}
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(string) { cancel() }
	if _, err := Start(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		t.Fatalf("the folder is still locked: %v", err)
	}
	lock.Close()
}
