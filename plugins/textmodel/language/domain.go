package language

// Domain is the textmodel.Text.Domain of a text in a language: the shipped
// models know English from reviews, requests and encyclopedia talk, the other
// languages from chats with companies, and keep the two apart.
func Domain(tag string) string {
	if tag == English {
		return "en"
	}
	return ""
}
