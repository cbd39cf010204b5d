package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	lib "github.com/nicholas-fedor/shoutrrr/pkg/services/chat/telegram"

	"shopbell/actions"
	"shopbell/actions/web"
)

var telegram = service{name: "telegram", style: style{most: 4096, plain: quiet}, open: openTelegram}

// telegramMessage is the body of sendMessage. There is no parse_mode: text is text, and a title is bold by its place. An
// @name would be told to who bears it.
type telegramMessage struct {
	Chat     string           `json:"chat_id"`
	Topic    int              `json:"message_thread_id,omitempty"`
	Text     string           `json:"text"`
	Entities []telegramEntity `json:"entities,omitempty"`
	Silent   bool             `json:"disable_notification,omitempty"`
}

type telegramEntity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"` // in units of UTF-16
}

func openTelegram(p *place) (*way, error) {
	var c lib.Config
	if c.SetURL(p.url) != nil || len(c.Chats) == 0 {
		return nil, errors.New("url is not one of Telegram's: it is telegram://TOKEN@telegram?chats=CHAT, and a token is 12345:ABC…")
	}
	if len(c.Chats) > 1 {
		return nil, errors.New("url names several chats: an account is for one, so that it is known whether a message has arrived")
	}
	chat, topic := c.Chats[0], 0
	if id, thread, ok := strings.Cut(chat, ":"); ok {
		n, err := strconv.Atoi(thread)
		if err != nil {
			return nil, errors.New("the chat's topic is not a number, as in -100123:45")
		}
		chat, topic = id, n
	}
	base := p.base("https", "api.telegram.org") + "/bot" + c.Token
	return &way{
		compose: func(m message) (request, error) {
			body := telegramMessage{Chat: chat, Topic: topic, Text: m.whole, Silent: m.priority == "low" || p.url.Query().Has("notification") && !c.Notification}
			if m.title != "" {
				body.Entities = []telegramEntity{{"bold", 0, new(style).size(quiet(m.title))}}
			}
			return jsonPost(base+"/sendMessage", body, nil)
		},
		judge:   judgeTelegram,
		test:    &request{method: http.MethodGet, url: base + "/getMe"},
		says:    saysTelegram,
		secrets: []actions.Secret{actions.Secret(c.Token), actions.Secret("bot" + c.Token)},
	}, nil
}

// judgeTelegram sorts an answer. What is wrong is said in words, which change; so only what they say of the chat is heeded.
func judgeTelegram(a *web.Answer) (string, error) {
	var said struct {
		OK          bool   `json:"ok"`
		Description string `json:"description"`
		Parameters  struct {
			RetryAfter int   `json:"retry_after"`
			MigrateTo  int64 `json:"migrate_to_chat_id"`
		} `json:"parameters"`
		Result struct {
			ID json.RawMessage `json:"message_id"`
		} `json:"result"`
	}
	known := read(a, &said)
	switch {
	case a.Status == http.StatusTooManyRequests && said.Parameters.RetryAfter > 0:
		return "", actions.RetryAfter(time.Duration(min(said.Parameters.RetryAfter, 86400))*time.Second, a.Err())
	case a.Status == http.StatusBadRequest && (said.Parameters.MigrateTo != 0 || ofChat(said.Description)):
		return "", ours(a)
	case a.Err(places[:]...) != nil:
		return "", a.Err(places[:]...)
	case !known || !said.OK:
		return "", odd("Telegram")
	}
	return text(said.Result.ID), nil
}

// ofChat tells whether Telegram's words are about the chat, which the account names.
func ofChat(words string) bool {
	words = strings.ToLower(words)
	for _, sign := range []string{"chat not found", "chat_id is empty", "peer_id_invalid", "not enough rights", "have no rights", "need administrator rights",
		"chat_write_forbidden", "group chat was", "thread not found", "topic_closed", "topic_deleted", "user not found", "was kicked", "was blocked"} {
		if strings.Contains(words, sign) {
			return true
		}
	}
	return false
}

func saysTelegram(a *web.Answer) (string, error) {
	var said struct {
		Result struct {
			Username string `json:"username"`
		} `json:"result"`
	}
	if !read(a, &said) || said.Result.Username == "" {
		return "", odd("Telegram")
	}
	return fmt.Sprintf("is the bot @%s", said.Result.Username), nil
}
