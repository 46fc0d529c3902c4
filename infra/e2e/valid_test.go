package e2e

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fitkit/infra/local/seed"
	"fitkit/shared/id"
)

// made counts values, so that no two requests ask for the same name or number.
var made atomic.Int64

// maker makes input that the API document calls valid, of things that own has. Where own has none, ids are of nothing.
type maker struct {
	own     map[string][]string // ids by table
	numbers map[string]int64    // by field: versions, prices and terminals as they are now
}

// acceptable finds, for writes that most things would refuse, one that they take.
var acceptable = map[string]string{
	"api-member-archive":                sqlArchivable,
	"api-billing-remove-payment-method": "select id::text from payment_methods where org_id = $1 and status = 'active' and member_id not in (select member_id from charges where org_id = $1 and state = 'failed') order by id desc limit 1",
	"api-billing-retry-charge":          "select c.id::text from charges c join payment_methods m on m.org_id = c.org_id and m.member_id = c.member_id and m.is_default where c.org_id = $1 and c.state = 'failed' limit 1",
	"api-billing-void-charge":           "select id::text from charges where org_id = $1 and state = 'failed' limit 1",
}

// sqlArchivable finds members whom the rule lets go, and of them first those who once bought something.
const sqlArchivable = `
select id::text from members m where org_id = $1 and status = 'active'
  and not exists (select from memberships s where s.org_id = m.org_id and m.id in (s.member_id, s.payer_id) and s.state <> 'ended')
  and not exists (select from charges c where c.org_id = m.org_id and c.member_id = m.id and c.state in ('due', 'in_flight', 'failed'))
order by exists (select from memberships s where s.org_id = m.org_id and s.member_id = m.id) desc, id limit 1`

const (
	sqlPrice   = "select price from plan_versions v join orgs o on o.id = v.org_id where o.id = $1 and v.plan_id = $2 and v.effective @> (now() at time zone o.tz)::date"
	sqlOrgNow  = "select version::bigint from orgs where id = $1"
	sqlCardNow = "select version::bigint from members where org_id = $1 and id = $2"
)

// makerFor knows what a studio has at this moment.
func makerFor(t testing.TB, s *studio) maker {
	t.Helper()
	conn := database(t)
	defer conn.Close(t.Context())
	m := maker{own: s.ids(t, conn), numbers: map[string]int64{"terminal_number": int64(running.Secrets.Cardcom.Number)}}
	m.own["plans"], m.own["members"] = []string{s.Plans[0].ID}, []string{s.Members[1]}
	m.numbers["price_agorot"] = read[int64](t, conn, sqlPrice, s.Org, s.Plans[0].ID)[0]
	m.numbers["version /v1/org"] = read[int64](t, conn, sqlOrgNow, s.Org)[0]
	m.numbers["version /v1/members/{id}"] = read[int64](t, conn, sqlCardNow, s.Org, s.Members[1])[0]
	for op, sql := range acceptable {
		m.own[op] = read[string](t, conn, sql, s.Org)
	}
	return m
}

// nothing is a maker whose ids are of nothing.
func nothing() maker { return maker{} }

// request is a valid one, with what is required and no more.
func (m maker) request(op *operation) request {
	r := request{op: op, path: map[string]string{}}
	for _, p := range op.Parameters {
		switch value := func() string { return fmt.Sprint(m.value(p.Schema.of(), p.Name, op.Path)) }; {
		case p.In == "path":
			r.path[p.Name] = value()
			if own := m.own[op.ID]; len(own) > 0 {
				r.path[p.Name] = own[0]
			}
		case p.In == "query" && p.Required:
			r.query = copyOf(r.query)
			r.query[p.Name] = value()
		}
	}
	if body := op.body(); body != nil {
		r.body = m.value(body, "", op.Path)
	}
	return r
}

func (m maker) value(s *schema, name, path string) any {
	switch {
	case name != "" && (field{keys: []string{name}, schema: s}).isID():
		return m.id(tableOf(name, path))
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.is("object"):
		out := map[string]any{}
		for _, required := range s.Required {
			out[required] = m.value(s.Properties[required].of(), required, path)
		}
		return out
	case s.is("array"):
		out := []any{}
		for range s.MinItems {
			out = append(out, m.value(s.Items.of(), name, path))
		}
		return out
	case s.is("boolean"):
		return false
	case s.is("integer"), s.is("number"):
		if n, ok := m.numbers[name+" "+path]; ok {
			return n
		}
		if n, ok := m.numbers[name]; ok {
			return n
		}
		return number(s)
	}
	return text(s, name)
}

func (m maker) id(table string) string {
	if own := m.own[table]; len(own) > 0 {
		return own[0]
	}
	return id.New[id.Event]().String()
}

func number(s *schema) int64 {
	n := int64(1)
	if s.Minimum != nil {
		n = max(n, int64(*s.Minimum))
	}
	if s.Maximum != nil {
		n = min(n, int64(*s.Maximum))
	}
	return n
}

// text is by format, by pattern, by what the name promises, or else words.
func text(s *schema, name string) string {
	n := int(made.Add(1))
	switch s.Format {
	case "date":
		return today()
	case "date-time":
		return today() + "T09:00:00Z"
	}
	if s.Pattern != "" {
		return matching(s.Pattern)
	}
	person := seed.MemberAt(1000 + n)
	switch {
	case name == "phone":
		return person.Phone
	case name == "email":
		return person.Email
	case strings.HasSuffix(name, "_date") || strings.HasSuffix(name, "_on"):
		return person.BirthDate
	case name == "number":
		return person.NationalID
	case name == "api_name":
		return running.Secrets.Cardcom.APIName
	case name == "api_password":
		return running.Secrets.Cardcom.APIPassword
	}
	words := fmt.Sprintf("Text %d", n)
	if s.MinLength != nil && len(words) < *s.MinLength {
		words += strings.Repeat("x", *s.MinLength-len(words))
	}
	if s.MaxLength != nil && len(words) > *s.MaxLength {
		words = words[len(words)-*s.MaxLength:]
	}
	return words
}

// matching is the shortest text that a pattern of a schema takes, by its first alternatives.
func matching(pattern string) string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	return shortest(parsed)
}

func shortest(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(re.Rune[0])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpAlternate, syntax.OpCapture:
		return shortest(re.Sub[0])
	case syntax.OpPlus:
		return shortest(re.Sub[0])
	case syntax.OpRepeat:
		return strings.Repeat(shortest(re.Sub[0]), re.Min)
	case syntax.OpConcat:
		var all strings.Builder
		for _, sub := range re.Sub {
			all.WriteString(shortest(sub))
		}
		return all.String()
	}
	return "" // what matches nothing: anchors, stars, question marks
}

// today is the studios' date, which is a day ahead of the machine's for the first hours of each of their nights.
func today() string { return time.Now().In(jerusalem).Format(time.DateOnly) }

var jerusalem = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		panic(err) // no zones on this machine
	}
	return zone
}()
