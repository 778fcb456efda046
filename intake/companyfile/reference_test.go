package companyfile

import (
	"os"
	"strings"
	"testing"
)

// The sections of docs/company.md are one file.
func TestTheReferenceIsAFile(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/company.md")
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	for _, part := range strings.Split(string(page), "```yaml\n")[1:] {
		section, _, closed := strings.Cut(part, "```")
		if !closed {
			t.Fatal("an example has no end")
		}
		file.WriteString(section)
	}
	f, faults := Parse([]byte(file.String()))
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	if len(f.Schedules) == 0 || len(f.Teams) == 0 || len(f.Chats) == 0 || len(f.People) == 0 || len(f.KPIs) == 0 || f.Pay == nil ||
		len(f.ReportTypes) == 0 || len(f.Analyzers) == 0 || len(f.Topics) == 0 {
		t.Errorf("a section has no example: %+v", f)
	}
}

func TestTopicsOfAnotherShape(t *testing.T) {
	t.Parallel()
	for topics, where := range map[string]string{
		`{ instalments: ["rassrochka bormi"] }`: "line 7: topics: ", `instalments`: "line 7: topics: ", `[instalments]`: "line 7: topics[0]: ",
	} {
		_, faults := Parse([]byte(small + "topics: " + topics + "\n"))
		if len(faults) != 1 || !strings.HasPrefix(faults.Error(), where+"write topics as a list of name and phrases: [{name: ") {
			t.Errorf("%s: %s", topics, faults.Error())
		}
	}
}
