package main

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func TestOpenAI(t *testing.T) {
	t.Parallel()
	s := newOpenAI(t)
	note := sample(t)
	for _, url := range []string{s.URL, s.URL + "/", s.URL + "/v1", s.URL + "/v1/audio/transcriptions"} {
		o, d := hear(t, start(t, map[string]any{"url": url, "model": "Systran/faster-whisper-small", "token": "hunter2", "language": "uz-Latn"}), note)
		if o.Text != "Assalomu alaykum, buyurtmam qachon keladi?" || o.Language != language.UzbekLatin || d.Engine != openAI || *d.Duration != 4.6 {
			t.Errorf("%+v, %+v", o, d)
		}
		want := (math.Exp(-0.2)*18 + math.Exp(-0.4)*25) / 43
		if !near(o.Confidence, want) || len(d.Segments) != 2 || *d.Segments[1].Start != 1.5 || d.Segments[1].Text != "buyurtmam qachon keladi?" {
			t.Errorf("sure %v, want %v; %+v", o.Confidence, want, d.Segments)
		}
	}
	got := s.last(t)
	want := map[string]string{"model": "Systran/faster-whisper-small", "response_format": "verbose_json", "language": "uz", "temperature": "0"}
	if !reflect.DeepEqual(got.fields, want) || got.filename != "voice.ogg" || got.mime != "audio/ogg" || got.size != int64(len(note)) ||
		!bytes.HasPrefix(note, got.file) || got.header.Get("Authorization") != "Bearer hunter2" {
		t.Errorf("uploaded %+v", got)
	}
	if got.length <= got.size {
		t.Errorf("a note of known size was sent with length %d", got.length)
	}
}

func TestAutoIsOpenAIWithAURL(t *testing.T) {
	t.Parallel()
	s := newOpenAI(t)
	p := start(t, map[string]any{"url": s.URL})
	sound := audio(sample(t))
	sound.Bytes = 0
	if outcomes, err := p.Listen(t.Context(), asked, sound); err != nil || len(outcomes) != 1 {
		t.Fatal(outcomes, err)
	}
	got := s.last(t)
	if _, set := got.fields["language"]; set || got.fields["model"] != "whisper-1" || got.length != -1 {
		t.Errorf("%+v", got)
	}
}

func TestOpenAIDecoded(t *testing.T) {
	t.Parallel()
	s := newOpenAI(t)
	hear(t, start(t, map[string]any{"url": s.URL, "decode": true}), sample(t))
	got := s.last(t)
	if got.filename != "voice.wav" || !bytes.HasPrefix(got.file, wavHeader()) || math.Abs(float64(got.size)/bytesPerSec-2) > 0.1 {
		t.Errorf("%+v", got)
	}
}

// TestAnswersOfOtherServers has what vLLM (strings for numbers, nothing for probabilities), OpenAI (names of languages) and LocalAI answer.
func TestAnswersOfOtherServers(t *testing.T) {
	t.Parallel()
	s := newOpenAI(t)
	p := start(t, map[string]any{"url": s.URL})
	for _, c := range []struct {
		answer, text, language string
		confidence             float64
	}{
		{`{"text":" Где мой заказ?","language":"ru","duration":"2.0","segments":[{"id":0,"avg_logprob":null,"compression_ratio":null,"end":2.0,"no_speech_prob":null,"seek":0,"start":0.0,"temperature":0.0,"text":" Где мой заказ?","tokens":[1]}],"words":null}`,
			"Где мой заказ?", "ru", untold},
		{`{"task":"transcribe","language":"uzbek","duration":3.0,"text":"Буюртмам қачон келади","segments":[{"start":0,"end":3,"text":"Буюртмам қачон келади","avg_logprob":-0.5,"no_speech_prob":0.1}]}`,
			"Буюртмам қачон келади", language.UzbekCyrillic, math.Exp(-0.5)},
		{`{"language":"English","duration":3.0,"text":"where is my order"}`, "where is my order", "en", untold},
		{`{"language":"haitian creole","text":"bonjou"}`, "bonjou", "ht", untold},
		{`{"language":"kk","text":"сәлеметсіз бе"}`, "сәлеметсіз бе", "kk", untold},
		{`{"language":"","text":"Заказ қачон келади, нечпул бўлади","segments":[]}`, "Заказ қачон келади, нечпул бўлади", language.UzbekCyrillic, untold},
		{`{"language":null,"text":"qachon keladi zakazim","segments":null}`, "qachon keladi zakazim", language.UzbekLatin, untold},
		{`{"language":"no such language","text":"Где мой заказ?"}`, "Где мой заказ?", "ru", untold},
		{`{"language":"ru-RU","text":"Где мой заказ?","segments":[{"text":"Где мой заказ?","avg_logprob":3}]}`, "Где мой заказ?", "ru", 1},
		// One segment is silence by Whisper's own rule, one says so in brackets: neither is told.
		{`{"language":"ru","text":"Алло. Продолжение следует... [музыка]","segments":[{"text":"Алло.","avg_logprob":-0.5,"no_speech_prob":0.1},{"text":"Продолжение следует...","avg_logprob":-1.3,"no_speech_prob":0.9},{"text":"[музыка]","avg_logprob":-0.1,"no_speech_prob":0.1}]}`,
			"Алло.", "ru", math.Exp(-0.5)},
	} {
		s.answer = func(form) any { return json.RawMessage(c.answer) }
		o, _ := hear(t, p, sample(t))
		if o.Text != c.text || o.Language != c.language || !near(o.Confidence, c.confidence) {
			t.Errorf("%s: %+v, want %+v", c.answer, o, c)
		}
	}
}

func TestSilenceOfServers(t *testing.T) {
	t.Parallel()
	s := newOpenAI(t)
	p := start(t, map[string]any{"url": s.URL})
	for _, answer := range []string{
		`{"text":"","language":"en","segments":[]}`, `{"text":" \n","language":"en"}`, `{"text":" [BLANK_AUDIO]\n","language":"english"}`,
		`{"text":"(music) ♪♪ ...","language":"en"}`, `{"text":"Thank you.","segments":[{"text":"Thank you.","avg_logprob":-1.2,"no_speech_prob":0.8}]}`,
	} {
		s.answer = func(form) any { return json.RawMessage(answer) }
		silence(t, p, sample(t))
	}
}

func TestLongTranscriptsAreCutAtTheLimitsOfTheContract(t *testing.T) {
	t.Parallel()
	s := newOpenAI(t)
	s.answer = func(form) any {
		long := strings.Repeat("ў", maxText)
		segments := make([]map[string]any, 5000)
		for i := range segments {
			segments[i] = map[string]any{"start": i, "end": i + 1, "text": "<" + strings.Repeat("a", 20), "avg_logprob": -0.1}
		}
		return map[string]any{"language": "uz", "text": long, "segments": segments}
	}
	o, d := hear(t, start(t, map[string]any{"url": s.URL}), sample(t))
	if len(o.Text) != maxText || !d.TextCut || !d.SegmentsCut || len(d.Segments) == 0 {
		t.Errorf("%d bytes, %d segments, %v, %v", len(o.Text), len(d.Segments), d.TextCut, d.SegmentsCut)
	}
}

func TestWhisperCPP(t *testing.T) {
	t.Parallel()
	s := newWhisper(t)
	o, d := hear(t, start(t, map[string]any{"engine": whisperCPP, "url": s.URL}), sample(t))
	if o.Text != "Здравствуйте, где мой заказ?" || o.Language != "ru" || d.Engine != whisperCPP || len(d.Segments) != 2 {
		t.Errorf("%+v %+v", o, d)
	}
	got := s.last(t)
	if got.fields["language"] != "auto" || got.fields["response_format"] != "verbose_json" || got.mime != "audio/wav" ||
		math.Abs(float64(got.size)/bytesPerSec-2) > 0.1 {
		t.Errorf("uploaded %+v", got)
	}
	hear(t, start(t, map[string]any{"engine": whisperCPP, "url": s.URL + "/inference", "language": "uzbek"}), sample(t))
	if got := s.last(t); got.fields["language"] != "uz" {
		t.Errorf("language %q", got.fields["language"])
	}
}

func TestWhisperCPPGetsOneNoteAtATime(t *testing.T) {
	t.Parallel()
	s := newWhisper(t)
	p := start(t, map[string]any{"engine": whisperCPP, "url": s.URL})
	note := sample(t)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if _, err := p.Listen(t.Context(), asked, audio(note)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := s.atOnce.Load(); n != 1 || s.complete.Load() != 6 {
		t.Errorf("%d at once, %d in all", n, s.complete.Load())
	}
}

func TestWrappersWithAnswersOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newOpenAI(t)
	base := map[string]any{"engine": custom, "url": s.URL, "path": "v1/audio/transcriptions", "field": "file",
		"fields": map[string]string{"model": "x", "response_format": "verbose_json", "lang": "uz"}}
	s2t := `{"text":"Salom. Narxi qancha?","avg_logprob":-0.25,"no_speech_prob":0.001,"start_time":0.0,"end_time":24.8}`
	for _, c := range []struct {
		answer     string
		set        map[string]any
		text       string
		language   string
		confidence float64
		segments   int
	}{
		{`{"text":"Salom","language":"uz"}`, nil, "Salom", "uz-Latn", untold, 0},
		{`"Где мой заказ?"`, map[string]any{"text_pointer": "#"}, "Где мой заказ?", "ru", untold, 0},
		{`{"segments":[` + s2t + `]}`, nil, "Salom. Narxi qancha?", "uz-Latn", math.Exp(-0.25), 1},
		{`[[` + s2t + `,` + s2t + `]]`, map[string]any{"text_pointer": "", "segments_pointer": "#"}, "Salom. Narxi qancha? Salom. Narxi qancha?", "uz-Latn", math.Exp(-0.25), 2},
		{`[` + s2t + `]`, map[string]any{"text_pointer": "/0/text", "segments_pointer": "#"}, "Salom. Narxi qancha?", "uz-Latn", math.Exp(-0.25), 1},
		{`{"a/b":{"m~n":[{"t":"hello there"}]},"p":"0.75","l":"english"}`, map[string]any{"text_pointer": "/a~1b/m~0n/0/t", "language_pointer": "/l", "confidence_pointer": "/p"},
			"hello there", "en", 0.75, 0},
		{`{"text":"hello there","chunks":[{"timestamp":[0.5,2.0],"text":"hello there"}]}`, map[string]any{"segments_pointer": "/chunks"}, "hello there", "en", untold, 1},
	} {
		given := map[string]any{}
		for _, settings := range []map[string]any{base, c.set} {
			for key, value := range settings {
				given[key] = value
			}
		}
		s.answer = func(form) any { return json.RawMessage(c.answer) }
		o, d := hear(t, start(t, given), sample(t))
		if o.Text != c.text || o.Language != c.language || !near(o.Confidence, c.confidence) || len(d.Segments) != c.segments || d.Engine != custom {
			t.Errorf("%s: %+v %+v", c.answer, o, d)
		}
		for _, segment := range d.Segments {
			if segment.Start == nil || segment.End == nil || *segment.End <= *segment.Start {
				t.Errorf("%s: segment %+v", c.answer, segment)
			}
		}
	}
	if got := s.last(t); got.fields["lang"] != "uz" || got.filename != "voice.ogg" {
		t.Errorf("%+v", got)
	}
	for _, answer := range []string{`{}`, `{"text":7}`, `{"text":["a"]}`, `[]`, `7`, `{"text":null}`} {
		s.answer = func(form) any { return json.RawMessage(answer) }
		failing(t, start(t, base), audio(sample(t)), analyzer.FaultDownstream, analyzer.Internal, "cut off")
	}
}

func TestVosk(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{pythonVosk, cppVosk, gpuVosk} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newVosk(t, kind)
			o, d := hear(t, start(t, map[string]any{"engine": vosk, "url": s.URL, "token": "hunter2"}), encode(t, append(wavHeader(), make([]byte, 5*bytesPerSec)...)))
			if o.Text != "здравствуйте где мой заказ жду ответа" || o.Language != "ru" || !near(o.Confidence, 0.8) || d.Engine != vosk {
				t.Errorf("%+v %+v", o, d)
			}
			if len(d.Segments) != 2 || d.Segments[0].Text != "здравствуйте где мой заказ" || !near(*d.Segments[1].Start, 2) || !near(*d.Segments[1].End, 2.6) {
				t.Errorf("%+v", d.Segments)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.config["sample_rate"] != 16000.0 || s.config["words"] != true || math.Abs(float64(s.bytes)/bytesPerSec-5) > 0.1 ||
				s.biggest > voskChunk || s.header.Get("Authorization") != "Bearer hunter2" {
				t.Errorf("config %v, %d bytes, at most %d", s.config, s.bytes, s.biggest)
			}
		})
	}
}

func TestVoskLanguagesAndSilence(t *testing.T) {
	t.Parallel()
	s := newVosk(t, pythonVosk)
	s.words = []string{"buyurtmam qachon keladi"}
	ws := "ws" + strings.TrimPrefix(s.URL, "http")
	if o, _ := hear(t, start(t, map[string]any{"engine": vosk, "url": ws, "language": "uz"}), sample(t)); o.Language != "uz-Latn" {
		t.Errorf("%+v", o)
	}
	quiet := newVosk(t, pythonVosk)
	quiet.words = []string{}
	silence(t, start(t, map[string]any{"engine": vosk, "url": quiet.URL}), sample(t))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	p, err := newPlugin()
	if err != nil {
		t.Fatal(err)
	}
	d := p.Describe()
	if err := d.Check(); err != nil || !d.Audio || len(d.Kinds) != 1 || d.Kinds[0] != analyzer.Transcript {
		t.Errorf("%+v, %v", d, err)
	}
	for _, c := range []struct{ given, says string }{
		{`{"engine":"whisper"}`, "engine must be one of"},
		{`{"engine":"openai"}`, "url must be"},
		{`{"engine":"vosk","url":"localhost:2700"}`, "url must be"},
		{`{"engine":"openai","url":"ws://a"}`, "url must be"},
		{`{"url":"http://hunter2:x@host"}`, "url must be"},
		{`{"url":"file:///etc/passwd"}`, "url must be"},
		{`{"url":"http://host/?token=hunter2"}`, "url must be"},
		{`{"url":"http://host","token":"hunter2\n"}`, "token must be one line"},
		{`{"url":"http://host","model":""}`, "model must be"},
		{`{"language":"русский"}`, "language must be"},
		{`{"engine":"transcribe","url":"http://host","fields":{"a":1}}`, "fields takes strings"},
		{`{"engine":"transcribe","url":"http://host","fields":{"file":"x"}}`, "not as field"},
		{`{"engine":"transcribe","url":"http://host","text_pointer":"text"}`, "text_pointer must begin with /"},
		{`{"engine":"transcribe","url":"http://host","text_pointer":"/a~2"}`, "text_pointer must begin with /"},
		{`{"engine":"transcribe","url":"http://host","text_pointer":"","segments_pointer":""}`, "can't both be empty"},
		{`{"timeout":0}`, "timeout must be 1 to 3600"},
		{`{"max_duration":1000000}`, "max_duration must be"},
	} {
		complete, err := analyzer.CompleteSettings(d.Settings, json.RawMessage(c.given))
		if err == nil {
			err = p.Configure(complete)
		}
		if err == nil || analyzer.AsError(err).Kind != analyzer.Invalid || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", c.given, err, c.says)
		}
	}
}
