// Package proto holds nothing but the way the wire contract of analyzer plugins becomes Go code: `go generate
// ./plugins/proto` compiles v1/analyzer.proto without protoc and writes the Go files beside it, the same bytes each time.
// Further versions of the wire get a folder of their own; v1 only ever grows.
package proto

//go:generate go run gen.go v1/analyzer.proto
