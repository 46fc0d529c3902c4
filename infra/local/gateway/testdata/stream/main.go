// Command stream is a Lambda function that answers in two pieces, for tests of response streaming. Between them it asks the
// address in its query, which answers when the test has read the first.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambdaurl"
)

func main() {
	lambdaurl.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "data: one\n\n")
		res, err := http.Get(r.URL.Query().Get("meet"))
		if err != nil {
			fmt.Fprint(w, "data: ", err)
			return
		}
		res.Body.Close()
		if r.URL.Query().Get("then") == "die" {
			os.Exit(1) // not a panic: lambdaurl ends the answer in order while a panic unwinds, and may win the race with the crash
		}
		fmt.Fprint(w, "data: two\n\n")
	}))
}
