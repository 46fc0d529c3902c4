// Command preview reads a comment of Vercel's and writes what the pull request's stack is told, as lines of NAME=value for
// GITHUB_OUTPUT. Everything comes in the environment, so that no text of a comment is ever part of a command:
//
//	COMMENT_BODY, COMMENT_AUTHOR    the comment; or PREVIEW_URL alone, for a run by hand
//	PULL_NUMBER                     the pull request
//	VERCEL_TEAM, VERCEL_WEB_PROJECT whose previews are believed
package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

func main() {
	lines, err := outputs(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "No preview:", err)
		os.Exit(1)
	}
	fmt.Print(lines)
}

var number = regexp.MustCompile(`^[1-9][0-9]{0,7}$`)

// outputs are the lines for GITHUB_OUTPUT.
func outputs(getenv func(string) string) (string, error) {
	pull := getenv("PULL_NUMBER")
	if !number.MatchString(pull) {
		return "", fmt.Errorf("PULL_NUMBER is not the number of a pull request")
	}
	trust := Trust{Author: "vercel[bot]", Team: getenv("VERCEL_TEAM"), WebProject: getenv("VERCEL_WEB_PROJECT")}
	author, comment := getenv("COMMENT_AUTHOR"), getenv("COMMENT_BODY")
	if address := getenv("PREVIEW_URL"); address != "" {
		author, comment = trust.Author, fmt.Sprintf("| **%s** | by hand | [Visit Preview](%s) |", trust.WebProject, address)
	}
	p, err := Read(trust, author, comment)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("stack=fitkit-pr-%s\nfrontend_url=%s\nallowed_origins=%s\n", pull, p.FrontendURL, strings.Join(p.AllowedOrigins, ",")), nil
}
