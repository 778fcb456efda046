package textmodel

// valenceLexicon grades words by how good or bad they are, for English.
const valenceLexicon = "valence"

// The categories of lexicon/valence.txt, by their order there.
const (
	valGood1 = iota
	valGood2
	valGood3
	valBad1
	valBad2
	valBad3
	valNot
	valMore
	valLess
	valBut
)

// valenceGrade is the grade of each category, in tenths, near the means that
// Hutto and Gilbert (2014) found for such words.
var valenceGrade = [...]int{valGood1: 12, valGood2: 20, valGood3: 30, valBad1: -12, valBad2: -20, valBad3: -29}

// negatedWords is how far a negation reaches, in words.
const negatedWords = 3

// moreWords is how far an intensifier reaches, in words.
const moreWords = 2

// valence follows the graded words of one text; grades are in tenths.
type valence struct {
	before, after   int // sums before and after the last "but"
	good, bad, last int
	sinceNot        int // words since a negation
	sinceMore, more int // words since an intensifier and what it adds
	but             bool
}

// readValence adds up the grades of the words as VADER does: a negation up to
// three words before turns a grade round, an intensifier before it adds, and
// what follows "but" counts more than what stands before.
func (r *reader) readValence() {
	v := valence{sinceNot: negatedWords + 1, sinceMore: moreWords + 1}
	for i := 0; i < len(r.norm); {
		c := r.norm[i]
		if c == ' ' || c == '?' || c == '!' {
			i++
			continue
		}
		j := i
		for j < len(r.norm) && r.norm[j] != ' ' && r.norm[j] != '?' && r.norm[j] != '!' {
			j++
		}
		v.word(r.graded.lookup(r.norm[i:j]))
		i = j
	}
	sum := v.before + v.after
	if v.but {
		sum = v.before/2 + v.after*3/2
	}
	r.addValence(sum, v.good, v.bad, v.last)
}

// word takes the categories of the next word.
func (v *valence) word(mask uint32) {
	v.sinceNot++
	v.sinceMore++
	if mask&(1<<valBut) != 0 {
		v.before, v.after, v.but = v.before+v.after, 0, true
	}
	if grade := gradeOf(mask); grade != 0 {
		v.graded(grade)
	}
	switch {
	case mask&(1<<valNot) != 0:
		v.sinceNot = 0
	case mask&(1<<valMore) != 0:
		v.sinceMore, v.more = 0, 5
	case mask&(1<<valLess) != 0:
		v.sinceMore, v.more = 0, -5
	}
}

// graded adds a word's grade, changed by the words before it.
func (v *valence) graded(grade int) {
	if v.sinceMore <= moreWords {
		if grade > 0 {
			grade += v.more
		} else {
			grade -= v.more
		}
	}
	if v.sinceNot <= negatedWords {
		grade = -grade * 3 / 4
	}
	v.after += grade
	v.last = grade
	if grade > 0 {
		v.good += grade
	} else {
		v.bad -= grade
	}
}

// gradeOf is the strongest grade among the categories of a word.
func gradeOf(mask uint32) int {
	grade := 0
	for k, g := range valenceGrade {
		if mask&(1<<k) != 0 && g*g > grade*grade {
			grade = g
		}
	}
	return grade
}

// addValence codes the sums by thermometers: a mark for each limit passed.
func (r *reader) addValence(sum, good, bad, last int) {
	for k, limit := range [...]int{-60, -40, -25, -15, -5, 0, 6, 16, 26, 41, 61} {
		if sum > limit {
			r.addMark(uint64(300 + k))
		} else {
			r.addMark(uint64(320 + k))
		}
	}
	for k, limit := range [...]int{5, 15, 25, 40} {
		if good > limit {
			r.addMark(uint64(340 + k))
		}
		if bad > limit {
			r.addMark(uint64(350 + k))
		}
	}
	switch {
	case last > 0:
		r.addMark(360)
	case last < 0:
		r.addMark(361)
	}
}
