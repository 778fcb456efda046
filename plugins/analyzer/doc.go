// Package analyzer is the contract for authors of analyzer plugins: a handful of Go types, one interface and Serve.
// A plugin's main is
//
//	func main() { analyzer.Serve(&shouting{}) }
//
// with a type that says what it is (Describe), takes its settings (Configure) and judges batches (Analyze) or, as a
// Listener, voice notes (Listen). Each is the natural one to write: no process, wire or handshake shows. Authors in other languages write against
// plugins/proto/v1; `analyzertest` tells both whether they got it right.
//
// The host promises a plugin: text is valid UTF-8; ids are unique within a batch; Configure comes once, before the
// first Analyze; calls carry a deadline and may overlap. It expects back: one result per input, scores in the range of
// their kind, and no message text in errors or logs.
//
// The package refuses to know how plugins are started, watched or swapped; that is plugins/host.
package analyzer
