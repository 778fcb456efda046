// Command bench compares the trainer of the offline analyzers with fastText and
// liblinear: the same lines to train on, the same lines to answer, on one
// processor, in one run. Times are the processor's.
//
//	go run ./plugins/textmodel/bench -data DIR [-only SET,…] [-among PROGRAM,…] [-json]
//
// DIR is the folder of labelled sets that the model cards name. Every set's
// train.tsv is learnt and its dev.tsv answered; the chat messages, which have no
// part of their own to answer, are dealt to five folds by blocks of neighbouring
// lines.
//
// It owns the comparison: how each rival is fed, which of its settings are tried
// (the best on the answered lines is shown, so a rival is never short of tuning)
// and what is counted. Ours is trained as anybody would, by `finco analyzer
// train KIND` of this module, without settings. It refuses to know how any of the
// three works within, and it needs the others' programs: fasttext (Debian's
// fasttext), liblinear-train and liblinear-predict (Debian's liblinear-tools).
package main
