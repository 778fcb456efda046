package pair

// Card is what relevance/model/card.json holds: how well real replies are told from swapped ones, by folds of dialogues.
type Card struct {
	Date    string    `json:"date"`
	Seed    uint64    `json:"seed"`
	Folds   int       `json:"folds"`
	Replies Figures   `json:"replies"`
	Pools   []Figures `json:"pools"`   // by language and source
	English Figures   `json:"english"` // of a part that is kept apart
}

// Figures are measured on real replies, each with six replies of other dialogues of the same language and source; shares are
// 0 to 1. ECE, Judged and Right count the two kinds as three to one, as replies that answer and that do not were rated.
type Figures struct {
	Data     string  `json:"data"`
	Replies  int     `json:"replies"`  // real ones, not rated as no answer
	Rated    int     `json:"rated"`    // of all, those rated 0 to 2
	AUC      float64 `json:"auc"`      // that a real reply scores above a swapped one
	Spearman float64 `json:"spearman"` // rank correlation of the score with the rating of "answers"
	ECE      float64 `json:"ece"`      // expected calibration error of the confidence, ten bins
	Judged   float64 `json:"judged"`   // sure enough to be judged; the others are N/A
	Right    float64 `json:"right"`    // of the judged, those on the right side of 50
}
