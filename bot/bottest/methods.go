package bottest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-telegram/bot/models"
)

// methods are all that the server answers, besides getUpdates.
func methods() map[string]func(*Server, *request) (any, error) {
	return map[string]func(*Server, *request) (any, error){
		"getUpdates": nil, "getMe": func(s *Server, _ *request) (any, error) { return s.me(), nil },
		"setWebhook": (*Server).setWebhook, "deleteWebhook": (*Server).deleteWebhook, "getWebhookInfo": (*Server).getWebhookInfo,
		"sendMessage": (*Server).sendMessage, "sendPhoto": (*Server).sendMedia, "sendDocument": (*Server).sendMedia, "sendVoice": (*Server).sendMedia,
		"editMessageText": (*Server).edit, "editMessageCaption": (*Server).edit, "editMessageReplyMarkup": (*Server).edit,
		"deleteMessage": (*Server).deleteMessage, "answerCallbackQuery": (*Server).answerCallback,
		"setMyCommands": (*Server).setMyCommands, "getMyCommands": (*Server).getMyCommands, "deleteMyCommands": (*Server).setMyCommands,
		"setMyName": (*Server).setMyText, "setMyDescription": (*Server).setMyText, "setMyShortDescription": (*Server).setMyText,
		"getFile": (*Server).getFile, "getBusinessConnection": (*Server).getBusinessConnection,
		"getChat": (*Server).getChat, "getChatMember": (*Server).getChatMember, "getChatAdministrators": (*Server).getChatAdministrators,
		"getChatMemberCount": (*Server).getChatMemberCount, "leaveChat": (*Server).leaveChat,
		"sendChatAction": (*Server).sendChatAction, "setMessageReaction": (*Server).setMessageReaction, "setChatMenuButton": (*Server).setChatMenuButton,
	}
}

func (s *Server) me() models.User {
	me := s.Bot()
	me.CanJoinGroups, me.CanReadAllGroupMessages, me.CanConnectToBusiness = true, true, true
	return me
}

// language is a call's language_code.
func language(r *request) (string, error) {
	code := r.Params["language_code"]
	if code != "" && (len(code) != 2 || strings.ToLower(code) != code) {
		return "", bad("LANGUAGE_CODE_INVALID")
	}
	return code, nil
}

var commandForm = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)

const maxCommands = 100

// menuKey is the scope and language of a list of commands.
func (s *Server) menuKey(r *request) (string, error) {
	code, err := language(r)
	if err != nil {
		return "", err
	}
	scope := struct {
		Type   string          `json:"type"`
		ChatID json.RawMessage `json:"chat_id"`
		UserID int64           `json:"user_id"`
	}{Type: "default"}
	if raw := r.Params["scope"]; raw != "" && json.Unmarshal([]byte(raw), &scope) != nil {
		return "", bad("can't parse BotCommandScope: BotCommandScope must be an Object")
	}
	key := scope.Type
	switch scope.Type {
	case "default", "all_private_chats", "all_group_chats", "all_chat_administrators":
	case "chat", "chat_administrators", "chat_member":
		c, err := s.find(strings.Trim(string(scope.ChatID), `"`))
		if err != nil {
			return "", err
		}
		key += ":" + strconv.FormatInt(c.ID, 10)
		if scope.Type == "chat_member" {
			key += ":" + strconv.FormatInt(scope.UserID, 10)
		}
	default:
		return "", bad("can't parse BotCommandScope: Unsupported type specified")
	}
	return key + " " + code, nil
}

func (s *Server) setMyCommands(r *request) (any, error) {
	key, err := s.menuKey(r)
	if err != nil {
		return nil, err
	}
	if r.Method == "deleteMyCommands" {
		delete(s.menus, key)
		return true, nil
	}
	var commands []models.BotCommand
	if err := json.Unmarshal([]byte(r.Params["commands"]), &commands); err != nil {
		return nil, bad("can't parse commands JSON object")
	}
	if len(commands) > maxCommands {
		return nil, bad("BOT_COMMANDS_TOO_MUCH")
	}
	for _, c := range commands {
		switch {
		case !commandForm.MatchString(c.Command):
			return nil, bad("BOT_COMMAND_INVALID")
		case c.Description == "" || units(c.Description) > 256:
			return nil, bad("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	s.menus[key] = commands
	return true, nil
}

func (s *Server) getMyCommands(r *request) (any, error) {
	key, err := s.menuKey(r)
	if err != nil {
		return nil, err
	}
	if s.menus[key] == nil {
		return []models.BotCommand{}, nil
	}
	return s.menus[key], nil
}

// setMyText keeps a name or a description, by method and language.
func (s *Server) setMyText(r *request) (any, error) {
	code, err := language(r)
	if err != nil {
		return nil, err
	}
	limits := map[string]struct {
		field string
		most  int
	}{"setMyName": {"name", 64}, "setMyDescription": {"description", 512}, "setMyShortDescription": {"short_description", 120}}
	limit := limits[r.Method]
	text := r.Params[limit.field]
	if units(text) > limit.most {
		return nil, bad("%s is too long", strings.ReplaceAll(limit.field, "_", " "))
	}
	s.texts[strings.TrimSpace(limit.field+" "+code)] = text
	return true, nil
}

func (s *Server) getBusinessConnection(r *request) (any, error) {
	c, ok := s.connections[r.Params["business_connection_id"]]
	if !ok {
		return nil, bad("business connection not found")
	}
	return c.model(), nil
}

func (s *Server) getChat(r *request) (any, error) {
	c, err := s.find(r.Params["chat_id"])
	if err != nil {
		return nil, err
	}
	out := models.ChatFullInfo{ID: c.ID, Type: c.Type, Title: c.Title, IsForum: c.Forum}
	if c.peer != nil {
		out.FirstName, out.LastName, out.Username = c.peer.FirstName, c.peer.LastName, c.peer.Username
	}
	if c.linked != nil {
		out.LinkedChatID = c.linked.ID
	}
	return out, nil
}

func member(u models.User, status models.ChatMemberType) models.ChatMember {
	m := models.ChatMember{Type: status}
	switch status {
	case models.ChatMemberTypeAdministrator:
		m.Administrator = &models.ChatMemberAdministrator{User: u, CanManageChat: true, CanDeleteMessages: true}
	case models.ChatMemberTypeMember:
		m.Member = &models.ChatMemberMember{User: &u}
	case models.ChatMemberTypeBanned:
		m.Banned = &models.ChatMemberBanned{User: &u}
	default:
		m.Type = models.ChatMemberTypeLeft
		m.Left = &models.ChatMemberLeft{User: &u}
	}
	return m
}

// memberOf is somebody in a chat.
func (s *Server) memberOf(c *Chat, id int64) *models.ChatMember {
	var out models.ChatMember
	if id == s.BotID {
		out = member(s.Bot(), c.bot)
	} else {
		status := models.ChatMemberTypeLeft
		if slices.Contains(c.members, id) {
			status = models.ChatMemberTypeMember
		}
		out = member(s.users[id].User, status)
	}
	return &out
}

func (s *Server) getChatMember(r *request) (any, error) {
	c, err := s.find(r.Params["chat_id"])
	if err != nil {
		return nil, err
	}
	id, _ := strconv.ParseInt(r.Params["user_id"], 10, 64)
	if s.users[id] == nil && id != s.BotID {
		return nil, bad("invalid user_id specified")
	}
	return s.memberOf(c, id), nil
}

func (s *Server) getChatAdministrators(r *request) (any, error) {
	c, err := s.find(r.Params["chat_id"])
	if err != nil {
		return nil, err
	}
	if c.Type == models.ChatTypePrivate {
		return nil, bad("there are no administrators in the private chat")
	}
	return []*models.ChatMember{s.memberOf(c, s.BotID)}, nil
}

func (s *Server) getChatMemberCount(r *request) (any, error) {
	c, err := s.find(r.Params["chat_id"])
	if err != nil {
		return nil, err
	}
	return len(c.members) + 1, nil
}

func (s *Server) leaveChat(r *request) (any, error) {
	c, err := s.find(r.Params["chat_id"])
	if err != nil {
		return nil, err
	}
	if c.Type == models.ChatTypePrivate {
		return nil, bad("chat member status can't be changed in private chats")
	}
	s.setBot(c, s.Bot(), models.ChatMemberTypeLeft, s.now())
	return true, nil
}

func (s *Server) sendChatAction(r *request) (any, error) {
	if _, err := s.find(r.Params["chat_id"]); err != nil {
		return nil, err
	}
	return true, nil
}

func (s *Server) setChatMenuButton(*request) (any, error) { return true, nil }

func (s *Server) setMessageReaction(r *request) (any, error) {
	c, err := s.find(r.Params["chat_id"])
	if err != nil {
		return nil, err
	}
	if c.message(r.Params["message_id"]) == nil {
		return nil, bad("message to react not found")
	}
	return true, nil
}
