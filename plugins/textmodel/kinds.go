package textmodel

// SpecFor is the specification that a model of a kind (sentiment, topic, …) is trained with unless somebody says otherwise: the
// one that the shipped models were found to do best with. Kinds that ship no model get that of questions.
func SpecFor(kind string) Spec {
	s := DefaultSpec()
	switch kind {
	case "language":
		// The letters as they are typed: the script matters.
		s.View, s.Bits, s.Marks, s.CharMax, s.WordMax, s.MinCount, s.MarkWeight = Plain, 14, false, 4, 1, 1, 0
		return s
	case "sentiment":
		s.Bits = 17
	case "topic":
		s.Bits, s.MinCount, s.Lexicons = 15, 1, []string{"topic"}
	}
	s.Cost, s.Epochs = 0.5, 10
	return s
}

// Domains lists the domains whose texts the model was trained on and calibrated for, each by itself.
func (m *Model) Domains() []string {
	out := make([]string, len(m.scales))
	for i, s := range m.scales {
		out[i] = s.Domain
	}
	return out
}
