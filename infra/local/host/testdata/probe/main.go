// Command probe is a Lambda function that does what its event says, for tests of the local host.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

type order struct {
	Do  string `json:"do"`
	URL string `json:"url"`
	// Megabytes are what "hold" holds for a while.
	Megabytes int `json:"megabytes"`
}

type report struct {
	PID    int      `json:"pid"`
	Env    []string `json:"env,omitempty"`
	Text   string   `json:"text,omitempty"`
	Budget bool     `json:"budget,omitempty"`
}

func main() {
	if os.Getenv("PROBE_INIT") == "crash" {
		fmt.Fprintln(os.Stderr, "no configuration")
		os.Exit(7)
	}
	if os.Getenv("PROBE_INIT") == "hang" {
		select {}
	}
	lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM())
}

func handle(ctx context.Context, o order) (report, error) {
	out := report{PID: os.Getpid()}
	switch o.Do {
	case "env":
		out.Env = os.Environ()
	case "meet": // waits until the test answers
		resp, err := http.Get(o.URL)
		if err != nil {
			return out, err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return out, err
	case "exit":
		os.Exit(3)
	case "panic":
		panic("probe")
	case "fail":
		return out, errors.New("told to fail")
	case "log":
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
	case "refuse": // it answers, and its event says that it failed
		fmt.Println(`{"level":"ERROR","msg":"invocation","Function":"api-a","Failed":1,"_aws":{}}`)
	case "big":
		out.Text = strings.Repeat("x", 6<<20)
	case "hold": // eight megabytes at a time, slowly enough to be caught at it
		var held [][]byte
		for range o.Megabytes / 8 {
			held = append(held, bytes.Repeat([]byte{1}, 8<<20))
			time.Sleep(10 * time.Millisecond)
		}
		out.Text = fmt.Sprint(len(held))
	case "deadline":
		_, out.Budget = ctx.Deadline()
	}
	return out, nil
}
