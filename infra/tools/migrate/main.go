// Command migrate applies the missing migrations to DIRECT_DATABASE_URL. The functions' logins get the passwords that
// DATABASE_URL and SYSTEM_DATABASE_URL hold. What the environment does not say is read from .env. With -check it changes nothing
// and says what would refuse the migrations.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"

	"fitkit/infra/migrate"
	"fitkit/infra/tools/dotenv"
)

func main() {
	check := flag.Bool("check", false, "say what would refuse the migrations, and change nothing")
	flag.Parse()
	file, err := dotenv.Read(".env")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	setting := func(name string) string { return cmp.Or(os.Getenv(name), file[name]) }
	owner := setting("DIRECT_DATABASE_URL")
	if owner == "" {
		fmt.Fprintln(os.Stderr, "Set DIRECT_DATABASE_URL to a direct (not pooled) connection of the role that owns the schema.")
		os.Exit(2)
	}
	if *check {
		if err := migrate.Check(context.Background(), owner); err != nil {
			fmt.Fprintln(os.Stderr, "The migrations would be refused:", err)
			os.Exit(1)
		}
		fmt.Println("The database takes the migrations of this checkout.")
		return
	}
	logins := migrate.Logins{App: password(setting("DATABASE_URL")), System: password(setting("SYSTEM_DATABASE_URL"))}
	if err := migrate.Up(context.Background(), owner, logins); err != nil {
		fmt.Fprintln(os.Stderr, "The migrations stopped:", err)
		os.Exit(1)
	}
	fmt.Println("The database has the schema of this checkout.")
}

func password(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil || u.User == nil {
		return ""
	}
	p, _ := u.User.Password()
	return p
}
