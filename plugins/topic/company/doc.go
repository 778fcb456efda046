// Package company tells whether a text is about one of a company's own topics,
// of which nothing is known but a name and a few example phrases.
//
// It owns the likeness of a text to phrases (rare stems and character n-grams
// they share, in one spelling for every script), the table of how rare they are
// in chats, and the calibration of likeness into a probability. Table and
// calibration are made by the program in train/, which also measures them.
//
// It refuses to know the shipped topics and to learn: corrections train a model.
package company
