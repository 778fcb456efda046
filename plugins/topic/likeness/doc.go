// Package likeness tells how alike two texts are by the rare words they share, and whether a text is about one of a company's
// own topics, of which nothing is known but a name and a few example phrases.
//
// It owns the reading of stems and character n-grams in one spelling for every script, the table of how rare they are in chats,
// and the calibration of likeness to phrases into a probability. Table and calibration are made by the program in train/, which
// also measures them.
//
// It refuses to know the shipped topics and to learn: corrections train a model.
package likeness
