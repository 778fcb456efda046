// Package textmodel trains and runs the small linear text classifiers that the
// built-in analyzers ship with.
//
// It owns the normalisation of chat text in Uzbek (Latin and Cyrillic), Russian
// and English, the hashed word and character n-grams, the one-vs-rest linear
// support vector machine, the calibration of its margins into probabilities,
// the model file with its card, and the measurement of a model.
//
// It refuses to know what a label means, what a message or a reply is, or where
// a training file comes from: analyzers and the program in train/ know that.
// Given the same examples, specification and seed, Train gives the same bytes.
package textmodel
