// Package scaffold writes new analyzer projects for authors of plugins, in Go, Python and TypeScript.
//
// It owns the templates, the words of the worked examples, and what an author needs of FinCo to build without FinCo's module:
// in Go the sources of plugins/analyzer and plugins/proto/v1, in Python the compiled contract, in TypeScript the contract's text.
// All three are taken from the program itself, so that a project always speaks the contract of the FinCo that wrote it.
//
// It refuses to build, test or install what it wrote: the project's Makefile and the other analyzer commands do.
package scaffold
