package e2e

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"

	"fitkit/shared/vectors"
)

// nasty are the public list of naughty strings and our own.
func nasty(t testing.TB) []string {
	t.Helper()
	all := vectors.Load[[]string](t, "blns.json")
	var extra struct {
		Cases []struct {
			Text   *string
			Recipe *struct {
				Unit  string
				Times int
			}
		}
	}
	if err := json.Unmarshal(vectors.Read(t, "strings_extra.json"), &extra); err != nil {
		t.Fatal(err)
	}
	for _, c := range extra.Cases {
		switch {
		case c.Text != nil:
			all = append(all, *c.Text)
		case c.Recipe != nil:
			all = append(all, strings.Repeat(c.Recipe.Unit, c.Recipe.Times))
		}
	}
	return all
}

func mustJSON(v any) []byte {
	raw, _ := json.Marshal(v) // of what a test has made of maps and texts
	return raw
}

// TestNaughtyStringsComeBackWholeOrAreRefused puts them into every text of every body and query.
func TestNaughtyStringsComeBackWholeOrAreRefused(t *testing.T) {
	chance, all, input := seeded(t), nasty(t), makerFor(t, a)
	var group errgroup.Group
	group.SetLimit(4)
	for _, op := range operations(t) {
		for _, f := range op.fields() {
			if !f.isText() {
				continue
			}
			for _, text := range some(chance, all, figure(25, len(all))) {
				r := input.request(op).as(a, op.somebody()).set(f, text)
				group.Go(func() error {
					got, err := r.try()
					if err != nil {
						return err
					}
					wantWhole(t, op, f, text, got)
					return nil
				})
			}
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func some(chance *rand.Rand, all []string, n int) []string {
	out := slices.Clone(all)
	chance.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(n, len(out))]
}

// wantWhole: what was accepted is given back as it was sent, in Unicode's composed form, numbers and addresses in theirs.
func wantWhole(t *testing.T, op *operation, f field, text string, got answer) {
	t.Helper()
	if !got.ok() {
		if got.status >= 500 {
			t.Errorf("%s %s: %.60q was answered %s\n%s", op.ID, f, text, got, written.about(got.text("correlation_id")))
		}
		return
	}
	var out map[string]any
	if err := json.Unmarshal(got.body, &out); err != nil {
		t.Errorf("%s %s: %.60q was answered with what is no JSON: %s", op.ID, f, text, got)
		return
	}
	back, ok := out[f.name()].(string)
	if ok && f.in == "body" && text != "" && // an empty text is none: a default may take its place
		!strings.EqualFold(norm.NFC.String(back), norm.NFC.String(text)) && f.name() != "phone" && strings.TrimSpace(text) != back {
		t.Errorf("%s %s: %q came back as %q", op.ID, f, text, back)
	}
}

// broken are bodies that are not what they should be, made from a valid one.
func broken(op *operation, valid any) map[string][]byte {
	whole := string(mustJSON(valid))
	out := map[string][]byte{
		"nothing":                   {},
		"a list":                    []byte("[" + whole + "]"),
		"null":                      []byte("null"),
		"text behind the body":      []byte(whole + "x"),
		"two bodies":                []byte(whole + whole),
		"a body that ends early":    []byte(whole[:len(whole)-1]),
		"a byte that is no UTF-8":   []byte(strings.Replace(whole, "{", "{\"\xff\":1,", 1)),
		"half a surrogate":          []byte(strings.Replace(whole, "{", `{"x":"\ud800",`, 1)),
		"NUL in a key":              []byte(strings.Replace(whole, "{", `{"x\u0000":1,`, 1)),
		"depth 5,000":               []byte(strings.Replace(whole, "{", `{"x":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+",", 1)),
		"300 kB":                    []byte(strings.Replace(whole, "{", `{"x":"`+strings.Repeat("x", 300<<10)+`",`, 1)),
		"another studio's org_id":   []byte(strings.Replace(whole, "{", `{"org_id":"`+b.Org+`",`, 1)),
		"a role that was not asked": []byte(strings.Replace(whole, "{", `{"tenant_role":"owner",`, 1)),
		"paid that was not asked":   []byte(strings.Replace(whole, "{", `{"paid":true,`, 1)),
	}
	fields, _ := valid.(map[string]any)
	for _, f := range op.fields() {
		if f.in != "body" || len(f.keys) > 1 {
			continue
		}
		name := f.name()
		value := string(mustJSON(fields[name]))
		if fields[name] != nil {
			out["twice "+name] = []byte(strings.Replace(whole, "{", `{"`+name+`":`+value+`,`, 1))
			out["twice "+name+" in other letters"] = []byte(strings.Replace(whole, "{", `{"`+strings.ToUpper(name)+`":`+value+`,`, 1))
		}
		switch {
		case f.schema.is("integer"):
			for _, n := range []string{"9007199254740993", "1.5", "1e400", "-9223372036854775809", `"1"`, "1e-7", "NaN"} {
				out[name+" "+n] = raw(fields, name, n)
			}
		case f.schema.is("string"):
			out["NUL in "+name] = raw(fields, name, `"a\u0000b"`)
			out["a number for "+name] = raw(fields, name, "10")
			out["bytes for "+name] = raw(fields, name, "\"\xc3\x28\"")
		}
	}
	return out
}

// raw is the body with one value written as given.
func raw(fields map[string]any, name, value string) []byte {
	const mark = "here it goes"
	return []byte(strings.Replace(string(mustJSON(put(fields, []string{name}, mark))), `"`+mark+`"`, value, 1))
}

// TestBrokenBodiesAreRefusedAndLeaveNothing: each is a problem with a code, and the studio is as before.
func TestBrokenBodiesAreRefusedAndLeaveNothing(t *testing.T) {
	conn, input := database(t), makerFor(t, a)
	settle(t)
	before := a.digest(t, conn)
	for _, op := range operations(t) {
		if op.body() == nil {
			continue
		}
		valid := input.request(op).as(a, op.somebody())
		for what, body := range broken(op, valid.body) {
			r := valid
			r.raw = body
			r.send(t).wantProblem(t, op.ID+" with "+what)
		}
		for what, kind := range map[string]string{"a form": "application/x-www-form-urlencoded", "text": "text/plain", "no type": "", "XML": "application/xml"} {
			got := valid.with("Content-Type", kind).send(t)
			if got.status != 415 || got.code() != "request.not_json" {
				t.Errorf("%s with %s: %s", op.ID, what, got)
			}
		}
		huge := valid
		huge.raw = make([]byte, 10<<20+1)
		if got := huge.send(t); got.status != 413 {
			t.Errorf("%s with over 10 MB: %s", op.ID, got)
		}
	}
	settle(t)
	unchanged(t, before, a.digest(t, conn))
}

// TestVectorsOfJSONTextGetADefinedAnswer sends the vectors that are JSON texts or bytes as the value of every text.
func TestVectorsOfJSONTextGetADefinedAnswer(t *testing.T) {
	var extra struct {
		Cases []struct {
			ID, Reason, Expect string
			JSONText           *string `json:"json_text"`
			Bytes              *string `json:"bytes_b64"`
		}
	}
	if err := json.Unmarshal(vectors.Read(t, "strings_extra.json"), &extra); err != nil {
		t.Fatal(err)
	}
	input := makerFor(t, a)
	for _, c := range extra.Cases {
		value := ""
		switch {
		case c.JSONText != nil:
			value = *c.JSONText
		case c.Bytes != nil:
			bytes, err := base64.StdEncoding.DecodeString(*c.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			value = `"` + string(bytes) + `"`
		default:
			continue
		}
		for _, op := range operations(t) {
			for _, f := range op.fields() {
				if f.in != "body" || len(f.keys) > 1 || !f.isText() && !f.schema.is("integer") {
					continue
				}
				r := input.request(op).as(a, op.somebody())
				fields, _ := r.body.(map[string]any)
				r.raw = raw(fields, f.name(), value)
				got := r.send(t)
				if got.status >= 500 || c.Expect == "reject_400" && got.ok() {
					t.Errorf("%s %s: %s (%s) was answered %s", op.ID, f, c.ID, c.Reason, got)
				}
			}
		}
	}
}
