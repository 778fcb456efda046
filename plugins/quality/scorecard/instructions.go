package scorecard

import (
	"regexp"
	"strings"
)

// toJudge matches the start of words that speak to whoever judges, in English,
// Russian and both scripts of Uzbek. From there to the end of the sentence the
// text is not the customer's business and is not read.
var toJudge = regexp.MustCompile(`(?is)` + strings.Join([]string{
	`\b(?:ignore|disregard|forget|override)\b[^.!?\n]{0,40}\b(?:instruction|prompt|rule|guideline)s?`,
	`\b(?:give|rate|score|grade|assign|award)\b[^.!?\n]{0,40}(?:\b100/100\b|\b100\s*(?:points|score|marks)|10/10|5/5|\b(?:max(?:imum)?|highest|perfect|full|top)\s+(?:score|rating|marks|points|grade)|hundred\s+points)`,
	`(?:^|\s)(?:(?:and|now|so|just|please)\s+)?(?:give|rate|score|grade|assign|award)\s+(?:it|me|him|her|us|this|them|the reply|this reply)?\s*(?:a\s+|with\s+|at\s+)?(?:100|hundred)\W*$`,
	`\b(?:system|assistant)\s*:`,
	`\byou are (?:a |an |the )?(?:judge|ai|evaluator|grader|reviewer|language model)\b`,
	`(?:игнорируй|проигнорируй|забудь|не учитывай|отмени)[^.!?\n]{0,50}(?:инструкци|указани|правил|промпт)`,
	`(?:постав|выстав|дай|дайте|оцени|присво)[^.!?\n]{0,50}(?:балл|оценк|сто из ста|100 из 100|10/10|5/5)`,
	`(?:[аи]\s+)?(?:робот|ии|нейросет)[а-яё]*[^.!?\n]{0,60}(?:постав|оцени|выстав|балл|оценк)`,
	`(?:(?:oldingi|avvalgi|yuqoridagi|barcha|hamma)\s+)*(?:ko.?rsatma|buyruq|yo.?riqnoma|qoida)[a-z'’ʻ]*[^.!?\n]{0,40}(?:unut|e.?tibor|bekor|inkor)`,
	`(?:100|yuz|maksimal|eng yuqori)[^.!?\n]{0,20}(?:ball?|baho)[a-z'’ʻ]*\s+(?:qo.?y|ber)`,
	`\b(?:ai|robot)\s+baholovchi`,
	`(?:(?:олдинги|аввалги|юқоридаги|барча|ҳамма|хамма)\s+)*(?:кўрсатма|курсатма|буйруқ|буйрук|йўриқнома)[а-яёўқғҳ]*[^.!?\n]{0,40}(?:унут|эътибор|этибор|бекор)`,
	`(?:100|юз|максимал|энг юқори|энг юкори)[^.!?\n]{0,20}(?:балл?|баҳо|бахо)[а-яёўқғҳ]*\s+(?:қўй|куй|бер)`,
}, "|"))

// hints are looked for first, because the expression is slow and replies that
// need it are rare; each alternative of toJudge contains one of them.
var hints = []string{"instruction", "prompt", "rule", "guideline", "100", "/10", "/5", "score", "rating",
	"marks", "points", "grade", "hundred", "system", "assistant", "you are", "robot", "робот", "нейросет", "инструкц", "указани", "правил", "промпт", "балл", "оценк", "оцени", "сто из", "постав", "выстав",
	"unut", "bekor", "inkor", "tibor", "ball", "bal ", "baho", "унут", "тибор", "бекор", "бал", "баҳо", "бахо"}

// stripInstructions takes out what speaks to a judge.
func stripInstructions(text string) string {
	lower := strings.ToLower(text)
	suspicious := false
	for _, h := range hints {
		if strings.Contains(lower, h) {
			suspicious = true
			break
		}
	}
	if !suspicious {
		return strings.TrimSpace(text)
	}
	var kept strings.Builder
	for _, s := range Sentences(text) {
		if at := toJudge.FindStringIndex(s); at != nil {
			s = s[:at[0]] + "\n" // so that no sentence is made of two halves
		}
		kept.WriteString(s)
	}
	return strings.TrimRight(strings.TrimSpace(kept.String()), " ,;:-–—(")
}

// Sentences cuts a text after . ! ? … and line ends; joined, the parts are the text.
func Sentences(text string) []string {
	var out []string
	start := 0
	for i, r := range text {
		switch r {
		case '.', '!', '?', '…', '\n':
			end := i + len(string(r))
			// 17.30 and 4.5 are not ends of sentences.
			if r == '.' && end < len(text) && text[end] >= '0' && text[end] <= '9' {
				continue
			}
			out = append(out, text[start:end])
			start = end
		}
	}
	if start < len(text) {
		out = append(out, text[start:])
	}
	return out
}
