// Command buckets makes FitKit's two buckets on an S3 server for development, by default the one of docker-compose.yml.
// A bucket that is there already stays as it is. Never for production: docs/storage.md says how its buckets are made.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"fitkit/infra/local/buckets"
	"fitkit/infra/local/stores"
)

func main() {
	endpoint := flag.String("endpoint", "http://127.0.0.1:7070", "the server's address")
	keyID := flag.String("key-id", stores.S3KeyID, "its key")
	keySecret := flag.String("key-secret", stores.S3KeySecret, "its secret")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := buckets.Make(ctx, buckets.Client(*endpoint, stores.Region, *keyID, *keySecret)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("The buckets %s and %s are at %s.\n", buckets.General, buckets.Compliance, *endpoint)
}
