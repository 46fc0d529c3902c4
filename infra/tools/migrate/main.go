// Command migrate applies the missing migrations to DIRECT_DATABASE_URL. The functions' logins get the passwords that
// DATABASE_URL and SYSTEM_DATABASE_URL hold. What the environment does not say is read from .env. With -check it changes nothing
// and says what would refuse the migrations.
//
// With -files it applies the SQL of a folder instead of this checkout's: a pull request's, which a preview's code needs. It goes to
// previews alone, and to nothing but the address that was given; nothing of the folder is run here.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"fitkit/infra/migrate"
	"fitkit/infra/tools/dotenv"
	"fitkit/migrations"
)

func main() {
	check := flag.Bool("check", false, "say what would refuse the migrations, and change nothing")
	folder := flag.String("files", "", "a folder of migrations to apply instead of this checkout's, to a preview")
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
	logins := migrate.Logins{App: password(setting("DATABASE_URL")), System: password(setting("SYSTEM_DATABASE_URL"))}
	files, of := fs.FS(migrations.FS), "this checkout"
	if *folder != "" {
		if setting("STAGE") != "preview" {
			fmt.Fprintln(os.Stderr, "Migrations of a folder are a pull request's and go to previews alone: leave -files out, or say STAGE=preview.")
			os.Exit(2)
		}
		files, of = os.DirFS(*folder), "the pull request"
		os.Clearenv() // a migration may ask goose to write variables into its SQL, and these hold the rights of the deployment
	}
	if *check {
		if err := migrate.CheckOf(context.Background(), files, owner); err != nil {
			fmt.Fprintln(os.Stderr, "The migrations would be refused:", err)
			os.Exit(1)
		}
		fmt.Println("The database takes the migrations of " + of + ".")
		return
	}
	if err := migrate.Apply(context.Background(), files, owner, logins); err != nil {
		fmt.Fprintln(os.Stderr, "The migrations stopped:", err)
		os.Exit(1)
	}
	fmt.Println("The database has the schema of " + of + ".")
}

func password(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil || u.User == nil {
		return ""
	}
	p, _ := u.User.Password()
	return p
}
