// Command migrate applies the missing migrations to DIRECT_DATABASE_URL. The functions' logins get the passwords that
// DATABASE_URL and SYSTEM_DATABASE_URL hold.
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"fitkit/infra/migrate"
)

func main() {
	owner := os.Getenv("DIRECT_DATABASE_URL")
	if owner == "" {
		fmt.Fprintln(os.Stderr, "Set DIRECT_DATABASE_URL to a direct (not pooled) connection of the role that owns the schema.")
		os.Exit(2)
	}
	logins := migrate.Logins{App: password("DATABASE_URL"), System: password("SYSTEM_DATABASE_URL")}
	if err := migrate.Up(context.Background(), owner, logins); err != nil {
		fmt.Fprintln(os.Stderr, "The migrations stopped:", err)
		os.Exit(1)
	}
	fmt.Println("The database has the schema of this checkout.")
}

func password(variable string) string {
	u, err := url.Parse(os.Getenv(variable))
	if err != nil || u.User == nil {
		return ""
	}
	p, _ := u.User.Password()
	return p
}
