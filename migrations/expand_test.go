package migrations

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// A deployment migrates first, and then changes functions over some minutes; a roll-back changes functions only. So the code of
// the release before runs on every schema, and a migration may only expand: what it takes away, renames or demands is some
// release's need. A statement that does so all the same says why that is right by now, in a comment that begins "contract:"
// right above it (docs/deploy.md).
var contracting = []struct {
	what  *regexp.Regexp
	fault string
}{
	{re(`^(drop|truncate|revoke) `), "takes away what the release before may use"},
	{re(`^alter .* (drop|rename) (?:column|constraint|to|table|default|not null|expression|identity|[a-z_]+ to )`), "takes away or renames what the release before may use"},
	{re(`^alter table .* alter (column )?[a-z_]+ (set data )?type `), "writes the whole table anew while nobody can use it, and the release before writes the former type"},
	{re(`^alter table .* set not null`), "refuses rows that the release before writes"},
	{re(`^alter table .* disable `), "takes a protection away"},
}

// onExisting are statements that do no harm to a table that the same file makes.
var onExisting = []struct {
	what  *regexp.Regexp // with the table's name
	fault string
}{
	{re(`^create unique index (?:concurrently )?(?:if not exists )?[a-z_]+ on ([a-z_.]+)`), "refuses rows that the release before writes"},
	{re(`^create index (?:if not exists )?[a-z_]+ on ([a-z_.]+)`), "stops all writes until the index is made: create it concurrently, in a file with -- +goose NO TRANSACTION"},
	{re(`^create (?:constraint )?trigger .* on ([a-z_.]+) `), "may refuse what the release before writes"},
	{re(`^create policy [a-z_]+ on ([a-z_.]+) as restrictive`), "hides rows from the release before"},
	{re(`^alter table ([a-z_.]+) (?:enable|force) row level security`), "hides rows from the release before"},
}

var (
	addsColumn     = re(`^alter table ([a-z_.]+) add (column )?.* not null`)
	addsConstraint = re(`^alter table ([a-z_.]+) add (constraint|check|foreign key|unique|primary key|exclude)`)
	makesTable     = re(`^create table (?:if not exists )?([a-z_.]+)`)
	reason         = regexp.MustCompile(`(?m)^\s*-- contract: (\S.{15,})$`)
	comment        = regexp.MustCompile(`(?m)--.*$`)
	space          = regexp.MustCompile(`\s+`)
)

func re(text string) *regexp.Regexp { return regexp.MustCompile(text) }

// faults is what is wrong with the statements of a migration.
func faults(statements []string) (found []string) {
	made := map[string]bool{}
	for _, text := range statements {
		s := strings.ToLower(strings.TrimSpace(space.ReplaceAllString(comment.ReplaceAllString(text, ""), " ")))
		if m := makesTable.FindStringSubmatch(s); m != nil {
			made[m[1]] = true
		}
		if fault := fault(s, made); fault != "" && !reason.MatchString(text) {
			found = append(found, fault+": "+s[:min(len(s), 120)])
		}
	}
	return found
}

func fault(s string, made map[string]bool) string {
	for _, rule := range contracting {
		if rule.what.MatchString(s) {
			return rule.fault
		}
	}
	for _, rule := range onExisting {
		if m := rule.what.FindStringSubmatch(s); m != nil && !made[m[1]] {
			return rule.fault
		}
	}
	if m := addsColumn.FindStringSubmatch(s); m != nil && !made[m[1]] && !strings.Contains(s, " default ") && !addsConstraint.MatchString(s) {
		return "refuses rows that the release before writes: give the column a default"
	}
	if m := addsConstraint.FindStringSubmatch(s); m != nil && !made[m[1]] && !strings.HasSuffix(s, "not valid") {
		return "reads the whole table while nobody can write: add it not valid, and validate it later"
	}
	return ""
}

// up is the statements of a file that bring a schema forward. Blocks that goose takes whole are one each.
func up(text string) (statements []string) {
	_, text, _ = strings.Cut(text, "-- +goose Up")
	text, _, _ = strings.Cut(text, "-- +goose Down")
	for text != "" {
		plain, rest, block := strings.Cut(text, "-- +goose StatementBegin")
		for _, s := range regexp.MustCompile(`;[ \t]*(?:--.*)?\n`).Split(plain, -1) {
			statements = append(statements, strings.TrimSuffix(strings.TrimSpace(s), ";"))
		}
		if !block {
			break
		}
		whole, after, _ := strings.Cut(rest, "-- +goose StatementEnd")
		statements, text = append(statements, whole), after
	}
	return statements
}

const (
	// first is the last migration of the first release: nothing ran before it.
	first = "00005_result_codes.sql"
	// last is the last one that was written before this rule; what has been applied is not edited, so they cannot say why.
	last = "00011_backup_reports.sql"
)

// excused is the part of a fault's text by which a migration from before the rule breaks it, and why that does no harm.
var excused = map[string]string{
	"create index jobs_dead on jobs": "the table had hundreds of rows",
	"revoke execute on function app.enter_person, app.enter_ticket, app.enter_connection, app.connections_to_cut": "the same file makes them",
	"revoke create on schema app from fitkit_gate":                                                                "the same file grants it, to make those functions",
}

func isExcused(file, fault string) bool {
	for part := range excused {
		if file <= last && strings.Contains(fault, part) {
			return true
		}
	}
	return false
}

func TestMigrationsOnlyExpand(t *testing.T) {
	names, err := fs.Glob(FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			t.Fatal(err)
		}
		if name <= first {
			continue
		}
		for _, fault := range faults(up(string(text))) {
			if !isExcused(name, fault) {
				t.Errorf("%s %s", name, fault)
			}
		}
	}
}

func TestWhatContractsIsSeen(t *testing.T) {
	t.Parallel()
	for text, wrong := range map[string]bool{
		"drop table jobs":                                                                         true,
		"drop policy system_count on jobs":                                                        true,
		"truncate jobs":                                                                           true,
		"revoke select on jobs from fitkit_app":                                                   true,
		"alter table jobs drop column state":                                                      true,
		"alter table jobs\n  drop constraint jobs_once":                                           true,
		"alter table jobs rename column state to status":                                          true,
		"alter table jobs rename to work":                                                         true,
		"alter function app.take_job(uuid) rename to take":                                        true,
		"alter table jobs alter column queue type varchar(20)":                                    true,
		"alter table jobs alter queue set data type text":                                         true,
		"alter table jobs alter column queue set not null":                                        true,
		"alter table jobs add column kind text not null":                                          true,
		"alter table jobs add kind text not null":                                                 true,
		"alter table jobs add constraint jobs_kind check (x)":                                     true,
		"alter table jobs add unique (kind)":                                                      true,
		"create index jobs_kind on jobs (kind)":                                                   true,
		"create unique index concurrently jobs_kind on jobs (kind)":                               true,
		"create trigger jobs_t before insert on jobs for each row execute function app.t()":       true,
		"create policy p on jobs as restrictive using (true)":                                     true,
		"alter table jobs enable row level security":                                              true,
		"alter table jobs disable row level security":                                             true,
		"-- contract: no release reads this column since release-7.\nalter table jobs drop state": false,
		"-- contract: old\nalter table jobs drop column state":                                    true, // no reason
		"create table jobs (id uuid)":                                                             false,
		"alter table jobs add column kind text":                                                   false,
		"alter table jobs add column kind text not null default ''":                               false,
		"alter table jobs add constraint jobs_kind check (x) not valid":                           false,
		"alter table jobs validate constraint jobs_kind":                                          false,
		"create index concurrently jobs_kind on jobs (kind)":                                      false,
		"create or replace function app.t() returns int return 1":                                 false,
		"create policy p on jobs using (true)":                                                    false,
		"grant select on jobs to fitkit_app":                                                      false,
		"comment on column jobs.kind is 'do not drop column'":                                     false,
	} {
		if found := faults([]string{text}); (len(found) > 0) != wrong {
			t.Errorf("%q: %v", text, found)
		}
	}
	if found := faults(up("-- +goose Up\ncreate table a (b int);\ncreate unique index c on a (b);\nalter table a enable row level security;\n-- +goose Down\ndrop table a;\n")); len(found) > 0 {
		t.Errorf("a table of its own: %v", found)
	}
}
