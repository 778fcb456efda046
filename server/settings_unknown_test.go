package server

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestAMistypedVariableIsNamed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"FINCO_TELEGRAM_TOKN": "FINCO_TELEGRAM_TOKEN", "FINCO_DATABASE_URL": "DATABASE_URL", "FINCO_ADRESS": "FINCO_ADDR", "FINCO_S3_ACCES_KEY": "FINCO_S3_ACCESS_KEY",
		"FINCO_TELEGRAM_TOKEN": "", "FINCO_SERVICE_HOST": "", "FINCO_PORT_8080_TCP_ADDR": "", "FINCO_TEST_DATABASE_URL": "", "HOME": "", "DATABASE_URL": "",
	} {
		var said bytes.Buffer
		warnUnknown([]string{"PATH=/bin", name + "=a secret"}, slog.New(slog.NewTextHandler(&said, nil)))
		if strings.Contains(said.String(), "secret") || want == "" && said.Len() > 0 ||
			want != "" && !strings.Contains(said.String(), "variable="+name+" nearest="+want+"\n") {
			t.Errorf("%s: %s", name, &said)
		}
	}
}
