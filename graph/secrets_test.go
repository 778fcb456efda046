package graph

import "testing"

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		`{"url":"http://h","token":"hunter2","turns":5}`:                         `{"token":"•••","turns":5,"url":"http://h"}`,
		`{"API_KEY":"hunter2","apiKey":"","max_tokens":7,"password":true}`:       `{"API_KEY":"•••","apiKey":"","max_tokens":7,"password":true}`,
		`{"keys":["hunter2"],"credentials":{"user":"hunter2"},"secrets":[]}`:     `{"credentials":"•••","keys":"•••","secrets":[]}`,
		`{"fields":{"access_token":"hunter2","lang":"uz"},"list":[{"key":"x"}]}`: `{"fields":{"access_token":"•••","lang":"uz"},"list":[{"key":"•••"}]}`,
		`{"keywords":["kuryer"],"topics":{"password":["parolni unutdim"]}}`:      `{"keywords":["kuryer"],"topics":{"password":["parolni unutdim"]}}`,
		`["hunter2"]`: ``,
		`hunter2`:     ``,
	} {
		if got := string(withoutSecrets([]byte(settings))); got != want {
			t.Errorf("%s: %s", settings, got)
		}
	}
}
