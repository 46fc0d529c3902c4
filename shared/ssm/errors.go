package ssm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

const (
	tries = 3
	// firstPause is the longest pause before the second try; each further one is three times as long.
	firstPause = 300 * time.Millisecond
)

// Error is why the store was not read. It tells the service's code and nothing of the answer: that may hold values.
type Error struct {
	Code  string // AccessDeniedException, ThrottlingException …, or Unreachable, UnreadableAnswer
	again bool   // another try may succeed
}

func (e *Error) Error() string { return "the parameter store cannot be read (" + e.Code + ")" }

// Code is the code of err for a log: the service's, or "Unknown".
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "Unknown"
}

// refused reads the code of an answer: {"__type":"com.amazonaws.ssm#ThrottlingException", …}.
func refused(status int, body []byte) error {
	var told struct {
		Type string `json:"__type"`
	}
	code := fmt.Sprintf("HTTP %d", status)
	if err := json.Unmarshal(body, &told); err == nil && told.Type != "" {
		code = told.Type[strings.LastIndexByte(told.Type, '#')+1:]
	}
	again := status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || strings.Contains(code, "Throttl")
	return &Error{Code: code, again: again}
}

// retried asks until it is answered, at most three times.
func (c *Client) retried(ctx context.Context, names []string, out map[string]string) error {
	for try := 1; ; try++ {
		err := c.ask(ctx, names, out)
		var e *Error
		if err == nil || try == tries || !errors.As(err, &e) || !e.again {
			return err
		}
		if c.rest(ctx, try) != nil {
			return err
		}
	}
}

// pause waits a random part of the try's pause, so that many functions that start together do not ask together again.
func pause(ctx context.Context, try int) error {
	longest := firstPause
	for range try - 1 {
		longest *= 3
	}
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(longest))))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
