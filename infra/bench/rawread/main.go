// Command rawread is what GET /v1/members/{id} is compared with: the same two statements in one round trip by bare pgx in
// the same mode, in a bare lambda.Start handler that checks no token and validates nothing. The benchmark takes the
// statements from the packages that own them and passes them by the environment.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/jackc/pgx/v5"
)

// card is the answer's body, as the real function's.
type card struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	LatinName   string     `json:"latin_name"`
	BirthDate   *string    `json:"birth_date"`
	Phone       *string    `json:"phone"`
	PhoneShared bool       `json:"phone_shared"`
	Email       *string    `json:"email"`
	Language    string     `json:"language"`
	Status      string     `json:"status"`
	AccessLevel string     `json:"access_level"`
	SignsIn     bool       `json:"signs_in"`
	NationalID  *hint      `json:"national_id"`
	Version     int        `json:"version"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	ArchivedAt  *time.Time `json:"archived_at"`
	NextCharge  *due       `json:"next_charge"`
}

type hint struct {
	Kind    string `json:"kind"`
	Country string `json:"country"`
	Last3   string `json:"last3"`
}

type due struct {
	At     time.Time `json:"due_at"`
	Amount int64     `json:"amount_agorot"`
}

type entered struct {
	org, role     string
	staff, member *string
	now           time.Time
	zone          string
	test          bool
}

func main() {
	config, err := pgx.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(func(ctx context.Context, ev events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		c, err := read(ctx, conn, ev.PathParameters["id"])
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		body, err := json.Marshal(c)
		return events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: string(body)}, err
	})
}

func read(ctx context.Context, conn *pgx.Conn, id string) (c card, err error) {
	var e entered
	var kind, country, last3 *string
	var birth, next *time.Time
	var amount *int64
	b := &pgx.Batch{}
	b.Queue(os.Getenv("RAW_ENTER"), os.Getenv("RAW_ORG"), "", "admin", nil, os.Getenv("RAW_USER"), []string{"owner", "manager", "front_desk", "coach", "member"}).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&e.org, &e.role, &e.staff, &e.member, &e.now, &e.zone, &e.test)
		})
	b.Queue(os.Getenv("RAW_GET"), id).QueryRow(func(row pgx.Row) error {
		return row.Scan(&c.ID, &c.Name, &c.LatinName, &birth, &c.Phone, &c.PhoneShared, &c.Email, &c.Language, &c.Status, &c.AccessLevel,
			&c.SignsIn, &c.Version, &c.CreatedAt, &c.UpdatedAt, &c.ArchivedAt, &kind, &country, &last3, &next, &amount)
	})
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		return c, err
	}
	if birth != nil {
		text := birth.Format(time.DateOnly)
		c.BirthDate = &text
	}
	if next != nil {
		c.NextCharge = &due{*next, *amount}
	}
	if kind != nil {
		c.NationalID = &hint{*kind, *country, *last3}
	}
	return c, nil
}
