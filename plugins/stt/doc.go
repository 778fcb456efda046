// Command stt is the analyzer that writes down what is said in a voice note
// (TRANSCRIPT). It recognises nothing itself, but knows how to ask:
//
//   - openai: any server with `POST /v1/audio/transcriptions` (speaches, vLLM,
//     LocalAI, OpenAI), answer verbose_json;
//   - whisper_cpp: the server of whisper.cpp, `POST /inference`, one note at a
//     time, given WAV because it decodes other formats only with --convert;
//   - transcribe: any other upload that answers JSON, such as the wrappers around
//     WhisperS2T: path, field, further fields and the places in the answer (JSON
//     pointers, RFC 6901) are settings;
//   - vosk: the websocket of vosk-server, given 16 kHz PCM;
//   - pocketsphinx: the program of CMU Sphinx on this machine, for who has no
//     server; English only.
//
// docs/speech.md says how to set each of them up.
//
// A note is a stream from the host to the engine: it is never wholly in memory
// and on no disk, but for MP4, which ffmpeg spools because its index may stand
// at the end. ffmpeg decodes where an engine needs PCM. It is caged: the format
// is told by the first bytes and is one of a list without playlists, the
// decoders are a list too, the only protocol is the pipe, it has one thread, and
// its input, its output and its time are limited, so that a small file that
// decodes to hours ends as an error.
//
// What always holds of a transcript:
//   - The text is what the engine said, never completed. Where Whisper itself
//     takes a segment for silence, the segment is left out. A note without speech
//     has no outcome, and so no empty transcript.
//   - The confidence is the mean probability that the engine told: exp of
//     avg_logprob per segment (weighed by length), or the mean of the words; 0.5
//     if it told none. It was not calibrated. PocketSphinx takes any speech for
//     English, so that its confidence counts 0.4 of what it says: no such
//     transcript is believed without a person.
//   - The language is what the engine said (names such as "uzbek" become tags,
//     Uzbek gets its script), else what the admin set, else what the text looks
//     like.
//
// Errors are typed: unavailable when the server is away, busy, refuses the token
// or lacks the model, invalid when this very note can't be heard or no engine is
// set up (so that nothing waits for ever), internal when an answer is cut off or
// nonsense. They quote neither the text nor the token.
//
// The version names this code and the model that tells languages, but not the
// engine, because a plugin describes itself before it knows its settings; each
// outcome names engine and model in its details.
//
// It refuses to judge texts, to keep sounds, and to run programs other than
// ffmpeg and pocketsphinx_continuous of the PATH.
package main
