package main

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Preview is what the pull request's stack is told about its frontends.
type Preview struct {
	FrontendURL    string   // the operator's web application
	AllowedOrigins []string // exact origins of all previews; Vercel's hosts fit no wildcard
}

// Trust says whose previews are believed.
type Trust struct {
	Author     string // who may write the comment: vercel[bot]
	Team       string // Vercel's name of the team, with which every host ends
	WebProject string // the project that is the operator's web application
}

var (
	// row is a project in Vercel's table: | **name** | … [Visit Preview](address) …
	row = regexp.MustCompile(`^\|\s*\*\*([a-z0-9][a-z0-9._-]{0,99})\*\*\s*\|.*\[Visit Preview\]\(([^()\s]+)\)`)
	// label is one name in a host. What is not made of these characters is no host, and nothing that a shell reads otherwise.
	label = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
)

// Read finds the previews in a comment. Its text was written by somebody else: only addresses of exactly the form that
// Vercel gives to the team's own previews come out, rebuilt from their parts; one that is not stops everything.
func Read(t Trust, author, comment string) (Preview, error) {
	if t.Team == "" || !label.MatchString(t.Team) || t.WebProject == "" {
		return Preview{}, errors.New("set the repository's variables VERCEL_TEAM and VERCEL_WEB_PROJECT: they say whose previews are believed")
	}
	if author != t.Author {
		return Preview{}, fmt.Errorf("the comment is not by %s, so it is left alone", t.Author)
	}
	var p Preview
	for line := range strings.Lines(comment) {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		origin, err := t.origin(m[2])
		if err != nil {
			return Preview{}, fmt.Errorf("the preview of %s is not used: %w", m[1], err)
		}
		if m[1] == t.WebProject {
			p.FrontendURL = origin
		}
		if !slices.Contains(p.AllowedOrigins, origin) {
			p.AllowedOrigins = append(p.AllowedOrigins, origin)
		}
	}
	if p.FrontendURL == "" {
		return Preview{}, fmt.Errorf("the comment has no \"Visit Preview\" link of %s yet: Vercel writes one when its build is ready", t.WebProject)
	}
	return p, nil
}

// origin is the address as browsers name it, if it is one of the team's previews.
func (t Trust) origin(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || u.Opaque != "" {
		return "", errors.New("it is not a plain https address")
	}
	name, ok := strings.CutSuffix(u.Host, ".vercel.app")
	if !ok || !label.MatchString(name) || !strings.HasSuffix(name, "-"+t.Team) {
		return "", fmt.Errorf("its host is not a preview of the team %s at vercel.app", t.Team)
	}
	return "https://" + name + ".vercel.app", nil
}
