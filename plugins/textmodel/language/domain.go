package language

// Domain is the textmodel.Text.Domain of a text in a language: the shipped
// models know English from reviews, requests and encyclopedia talk, the other
// languages from chats with companies, and keep the two apart. Each language of
// the chats is a part of their domain, with a calibration of its own.
func Domain(tag string) string {
	switch tag {
	case "":
		return ""
	case English:
		return "en"
	}
	return "." + tag
}
