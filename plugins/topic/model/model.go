// Package model holds the shipped topic model for the analyzers that read it.
//
// It owns the bytes of the file and refuses to know how they are made (the program in textmodel/train) or read (textmodel).
package model

import _ "embed"

// File is the model as textmodel.Read takes it. Don't change it.
//
//go:embed topic.bin
var File []byte
