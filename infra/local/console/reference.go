package console

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"fitkit/infra/local/apidoc"
)

// operationView is an operation as the reference shows it.
type operationView struct {
	apidoc.Operation
	Parameters []parameterView
	Request    []apidoc.Field
	Answers    []answerView
}

type parameterView struct {
	apidoc.Parameter
	Type  string
	Rules []string
}

// answerView is a status with the body of a success, or with the codes of a refusal.
type answerView struct {
	Status string
	Text   string
	Fields []apidoc.Field
	Codes  []string
}

// domainView is a chapter.
type domainView struct {
	Name       string
	Operations []operationView
}

type errorView struct {
	Code string
	apidoc.Words
}

func (c *Console) reference(*http.Request) (view, error) {
	doc, err := apidoc.Load(c.Document)
	if err != nil {
		return view{}, err
	}
	var domains []domainView
	for _, o := range doc.Operations {
		if len(domains) == 0 || domains[len(domains)-1].Name != o.Domain() {
			domains = append(domains, domainView{Name: o.Domain()})
		}
		of := &domains[len(domains)-1]
		of.Operations = append(of.Operations, describe(doc, o))
	}
	var words []errorView
	for _, code := range slices.Sorted(maps.Keys(doc.Errors)) {
		words = append(words, errorView{code, doc.Errors[code]})
	}
	return view{"api", "nav.api", struct {
		Domains []domainView
		Errors  []errorView
		Headers map[string]apidoc.Header // a template goes through them by name
		Count   int
	}{domains, words, doc.Headers, len(doc.Operations)}}, nil
}

func describe(doc *apidoc.Document, o apidoc.Operation) operationView {
	v := operationView{Operation: o}
	for _, p := range o.Parameters {
		v.Parameters = append(v.Parameters, parameterView{p, doc.TypeOf(p.Schema), p.Schema.Rules()})
	}
	if o.Body != nil {
		v.Request = doc.Fields(o.Body.Content["application/json"].Schema)
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		r := o.Responses[status]
		a := answerView{Status: status, Codes: r.Codes()}
		if a.Codes == nil {
			a.Text, a.Fields = r.Description, doc.Fields(r.Content["application/json"].Schema)
		}
		v.Answers = append(v.Answers, a)
	}
	return v
}

// Good says that the status is a success.
func (a answerView) Good() bool {
	status, err := strconv.Atoi(a.Status)
	return err == nil && status < 400
}
