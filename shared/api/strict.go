package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// errNotStrict is answered as ErrMalformed; which rule was broken is not told, the sentence names them.
var errNotStrict = errors.New("not strict JSON")

// errNull is answered as ErrInvalid. Encoding/json would take null for a field that was left out, so that a client which
// means to remove a value is told that all went well and nothing has changed.
var errNull = errors.New("null is no value: leave the field out, or send an empty text to remove it")

const (
	maxDepth = 32
	maxExact = 1 << 53 // larger whole numbers lose digits in JavaScript clients
)

// strictJSON reads request bodies. encoding/json alone would take the last of two equal keys, match keys whatever
// their case, replace broken text silently, and pass NUL on to a database that cannot hold it.
var strictJSON = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		if raw, ok := v.(rawAnswer); ok {
			_, err := w.Write(raw.rawJSON())
			return err
		}
		return json.NewEncoder(w).Encode(v)
	},
	Unmarshal: func(data []byte, v any) error {
		if _, first := v.(*any); first { // huma decodes twice: to validate, then into the struct
			if err := checkStrict(data); err != nil {
				return err
			}
		}
		return json.Unmarshal(data, v)
	},
}

func checkStrict(data []byte) error {
	if !utf8.Valid(data) || brokenSurrogate(data) {
		return errNotStrict
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := checkValue(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errNotStrict
	}
	return nil
}

func checkValue(dec *json.Decoder, depth int) error {
	tok, err := dec.Token()
	if err != nil || depth > maxDepth {
		return errNotStrict
	}
	switch t := tok.(type) {
	case nil:
		return errNull
	case json.Delim:
		return checkContainer(dec, t, depth)
	case string:
		return checkText(t)
	case json.Number:
		return checkNumber(t)
	}
	return nil
}

func checkContainer(dec *json.Decoder, open json.Delim, depth int) error {
	keys := map[string]bool{}
	for dec.More() {
		if open == '{' {
			key, err := dec.Token()
			name, ok := key.(string)
			if err != nil || !ok || keys[folded(name)] || checkText(name) != nil {
				return errNotStrict
			}
			keys[folded(name)] = true
		}
		if err := checkValue(dec, depth+1); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return errNotStrict
	}
	return nil
}

// folded is equal for names that encoding/json takes for one: the long s and the Kelvin sign have capitals and small letters
// of the Latin alphabet.
func folded(name string) string { return strings.ToLower(strings.ToUpper(name)) }

func checkText(s string) error {
	if strings.ContainsRune(s, 0) {
		return errNotStrict
	}
	return nil
}

func checkNumber(n json.Number) error {
	if i, err := n.Int64(); err == nil && i <= maxExact && i >= -maxExact {
		return nil
	} else if err == nil || !strings.ContainsAny(string(n), ".eE") {
		return errNotStrict
	}
	if f, err := n.Float64(); err != nil || f > maxExact || f < -maxExact {
		return errNotStrict
	}
	return nil
}

// brokenSurrogate finds \uD800–\uDFFF escapes that are no pair; encoding/json would replace them.
func brokenSurrogate(data []byte) bool {
	for i := 0; i+1 < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		if data[i+1] != 'u' {
			i++
			continue
		}
		r, ok := hex4(data, i+2)
		switch {
		case !ok || r >= 0xDC00 && r <= 0xDFFF:
			return true
		case r >= 0xD800 && r <= 0xDBFF:
			low, ok := hex4(data, i+8)
			if !ok || data[i+6] != '\\' || data[i+7] != 'u' || low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 6
		}
		i += 5
	}
	return false
}

func hex4(data []byte, at int) (uint64, bool) {
	if at+4 > len(data) {
		return 0, false
	}
	r, err := strconv.ParseUint(string(data[at:at+4]), 16, 32)
	return r, err == nil
}
