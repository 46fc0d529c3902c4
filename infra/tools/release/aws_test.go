package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Red while the last line was the error: newer commands tell an error's details after it, and a function that is yet to be
// deployed could not be told from a call that failed.
func TestAnErrorOfAWSIsItsSentence(t *testing.T) {
	for name, tc := range map[string]struct{ complaint, want string }{
		"with details": {"\naws: [ERROR]: An error occurred (ResourceNotFoundException) when calling the GetFunctionConfiguration operation: Function not found: f\n\nAdditional error details:\nType: User\n",
			"aws lambda get-function: aws: [ERROR]: An error occurred (ResourceNotFoundException) when calling the GetFunctionConfiguration operation: Function not found: f"},
		"alone":        {"\nAn error occurred (AccessDenied) when calling the GetParameter operation: no\n", "aws lambda get-function: An error occurred (AccessDenied) when calling the GetParameter operation: no"},
		"not of AWS's": {"warning\nUnable to locate credentials\n", "aws lambda get-function: Unable to locate credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			text := filepath.Join(dir, "complaint")
			for file, content := range map[string]string{text: tc.complaint, filepath.Join(dir, "aws"): "#!/bin/sh\ncat " + text + " >&2\nexit 254\n"} {
				if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			if _, err := awsCLI(t.Context(), "lambda", "get-function"); err == nil || strings.TrimSpace(err.Error()) != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}
