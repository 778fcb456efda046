package companyfile

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxNodes bounds what a file may grow to when its aliases are written out.
const maxNodes = 200_000

// decoder gathers the faults of one file.
type decoder struct {
	faults Faults
	nodes  int
}

func (d *decoder) fault(line int, field, format string, args ...any) {
	d.faults = append(d.faults, Fault{Line: line, Field: field, Message: fmt.Sprintf(format, args...)})
}

// bounded reports whether a tree stays small when its aliases are written out.
func (d *decoder) bounded(n *yaml.Node, depth int) bool {
	d.nodes++
	if d.nodes > maxNodes || depth > 100 {
		return false
	}
	if n.Kind == yaml.AliasNode {
		return d.bounded(n.Alias, depth+1)
	}
	for _, c := range n.Content {
		if !d.bounded(c, depth+1) {
			return false
		}
	}
	return true
}

// value is one value of the file, with its place in it.
type value struct {
	d    *decoder
	node *yaml.Node
	line int
	path string
}

func (d *decoder) value(n *yaml.Node, line int, path string) value {
	if n.Kind == yaml.AliasNode {
		return value{d, n.Alias, n.Line, path}
	}
	if n.Line > 0 {
		line = n.Line
	}
	return value{d, n, line, path}
}

func (v value) fault(format string, args ...any) { v.d.fault(v.line, v.path, format, args...) }

// empty reports a value that is not there: "key:" and nothing behind it.
func (v value) empty() bool {
	return v.node == nil || v.node.Kind == yaml.ScalarNode && v.node.Tag == "!!null"
}

// object is a mapping whose keys were checked.
type object struct {
	value
	fields map[string]value
}

// object reads a mapping; keys other than the known ones are faults, with a hint at one that is like it.
func (v value) object(known ...string) object {
	o := object{value: v, fields: map[string]value{}}
	for key, field := range v.mapping() {
		if !contains(known, key) {
			field.d.fault(field.keyLine, field.path, "there is no such field%s", hint(key, known))
			continue
		}
		if !field.empty() {
			o.fields[key] = field.value
		}
	}
	return o
}

type keyed struct {
	value
	keyLine int
}

// mapping reads a mapping with keys of any name; a key given twice is a fault.
func (v value) mapping() map[string]keyed {
	if v.empty() {
		return nil
	}
	if v.node.Kind != yaml.MappingNode {
		v.fault("fields with values are needed here, not %s", v.what())
		return nil
	}
	out := make(map[string]keyed, len(v.node.Content)/2)
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		k, c := v.node.Content[i], v.node.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			v.d.fault(k.Line, v.path, "a name is needed before the colon")
			continue
		}
		path := k.Value
		if len(path) > 80 {
			path = path[:80]
		}
		if v.path != "" {
			path = v.path + "." + path
		}
		if _, twice := out[k.Value]; twice {
			v.d.fault(k.Line, path, "it is given twice")
			continue
		}
		out[k.Value] = keyed{v.d.value(c, k.Line, path), k.Line}
	}
	return out
}

// need returns a field that must be there.
func (o object) need(name string) (value, bool) {
	v, ok := o.fields[name]
	if !ok && o.node != nil && o.node.Kind == yaml.MappingNode {
		path := name
		if o.path != "" {
			path = o.path + "." + name
		}
		o.d.fault(o.line, path, "it is missing")
	}
	return v, ok
}

func (o object) opt(name string) (value, bool) {
	v, ok := o.fields[name]
	return v, ok
}

// list reads a sequence.
func (v value) list() []value {
	if v.empty() {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		v.fault("a list is needed, not %s", v.what())
		return nil
	}
	out := make([]value, len(v.node.Content))
	for i, c := range v.node.Content {
		out[i] = v.d.value(c, v.line, v.path+"["+strconv.Itoa(i)+"]")
	}
	return out
}

// objects reads a list of mappings.
func (o object) objects(name string, known ...string) []object {
	v, ok := o.opt(name)
	if !ok {
		return nil
	}
	var out []object
	for _, item := range v.list() {
		if item.empty() {
			item.fault("it is empty")
			continue
		}
		out = append(out, item.object(known...))
	}
	return out
}

// scalar returns the letters of a single value, whatever its type.
func (v value) scalar() (string, bool) {
	if v.empty() {
		v.fault("it is empty")
		return "", false
	}
	if v.node.Kind != yaml.ScalarNode {
		v.fault("a single value is needed, not %s", v.what())
		return "", false
	}
	return strings.TrimSpace(v.node.Value), true
}

// maxText is the length of the longest text of the file, in bytes; expressions are bounded on their own.
const maxText = 4096

// text reads a string that is not empty.
func (v value) text() (string, bool) {
	s, ok := v.scalar()
	switch {
	case !ok:
		return "", false
	case v.node.Tag != "!!str":
		v.fault("a text is needed, not %s: put it in quotes", v.what())
		return "", false
	case s == "":
		v.fault("it is empty")
		return "", false
	case len(s) > maxText:
		v.fault("it is longer than %d bytes", maxText)
		return "", false
	case strings.ContainsRune(s, 0):
		v.fault("it holds a null character")
		return "", false
	}
	return s, true
}

// bool reads true or false.
func (v value) bool() (bool, bool) {
	s, ok := v.scalar()
	if !ok {
		return false, false
	}
	b, err := strconv.ParseBool(s)
	if v.node.Tag != "!!bool" || err != nil {
		v.fault("true or false is needed, not %s", v.what())
		return false, false
	}
	return b, true
}

// integer reads a whole number.
func (v value) integer() (int64, bool) {
	s, ok := v.scalar()
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if v.node.Tag != "!!int" || err != nil {
		v.fault("a whole number is needed, not %s", v.what())
		return 0, false
	}
	return n, true
}

// json turns free settings into JSON.
func (v value) json() (json.RawMessage, bool) {
	var free map[string]any
	if v.node.Kind != yaml.MappingNode {
		v.fault("fields with values are needed here, not %s", v.what())
		return nil, false
	}
	if err := v.node.Decode(&free); err != nil {
		v.fault("it cannot be read: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil, false
	}
	raw, err := json.Marshal(free)
	if err != nil {
		v.fault("it cannot be written as JSON: only texts, numbers, true, false, lists and fields with names are possible")
		return nil, false
	}
	return raw, true
}

// what names the type of a value for people.
func (v value) what() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "fields with values"
	case yaml.SequenceNode:
		return "a list"
	}
	switch v.node.Tag {
	case "!!int":
		return "a number"
	case "!!float":
		return "a number with a point"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	case "!!null":
		return "nothing"
	}
	return "a text"
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
