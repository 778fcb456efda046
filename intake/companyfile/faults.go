package companyfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fincokpi/finco/domain"
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	Line    int    // from 1; 0 if it concerns the file as a whole
	Field   string // people[1].salary; "" for the file as a whole
	Message string
}

// String writes "line 12: people[1].salary: it must be above 0".
func (f Fault) String() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	return b.String() + f.Message
}

// Faults is everything that is wrong with a file, in the order of its lines.
type Faults []Fault

// Error writes one fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Err is nil without faults, else an invalid error with all of them.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &domain.Error{Kind: domain.KindInvalid, Message: f.Error(), Err: f}
}

// maxFaults is how many are named; a file with more is not a company file gone wrong in places.
const maxFaults = 200

func (f Faults) sorted() Faults {
	slices.SortFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
	})
	f = slices.Compact(f)
	if len(f) > maxFaults {
		more := Fault{Message: fmt.Sprintf("and %d more faults", len(f)-maxFaults)}
		f = append(f[:maxFaults], more)
	}
	return f
}
