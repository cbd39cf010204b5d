package notify

import (
	"errors"
	"strings"

	"shopbell/actions"
	"shopbell/actions/web"
)

var teams = service{name: "teams", hooks: true, style: style{most: 20_000, titled: true, linked: true}, open: openTeams}

// card is an adaptive card. Its texts are runs, which know no mark-up, unlike blocks of text.
type card struct {
	Type    string       `json:"type"`
	Schema  string       `json:"$schema"`
	Version string       `json:"version"`
	Body    []cardText   `json:"body"`
	Actions []cardAction `json:"actions,omitempty"`
}

type cardText struct {
	Type    string    `json:"type"`
	Inlines []cardRun `json:"inlines"`
}

type cardRun struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Weight string `json:"weight,omitempty"`
	Color  string `json:"color,omitempty"`
}

type cardAction struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

func openTeams(p *place) (*way, error) {
	if !p.hooked() {
		return nil, errors.New("url is that of a connector, which Microsoft has taken away: make a workflow for the channel, and give its https URL with `service: teams`")
	}
	hook := p.hook()
	return &way{
		compose: func(m message) (request, error) {
			c := card{Type: "AdaptiveCard", Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Version: "1.4"}
			run := func(r cardRun) {
				r.Type = "TextRun"
				c.Body = append(c.Body, cardText{"RichTextBlock", []cardRun{r}})
			}
			if m.title != "" {
				bold := cardRun{Text: m.title, Weight: "Bolder"}
				if m.priority == "high" || m.priority == "urgent" {
					bold.Color = "Attention"
				}
				run(bold)
			}
			for line := range strings.SplitSeq(m.text, "\n") {
				if line != "" {
					run(cardRun{Text: line})
				}
			}
			if m.link != "" {
				c.Actions = []cardAction{{"Action.OpenUrl", "Open", m.link}}
			}
			return jsonPost(hook, map[string]any{"type": "message", "attachments": []any{
				map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": c}}}, nil)
		},
		judge: judgeTeams,
	}, nil
}

// judgeTeams sorts an answer. Teams may say in the text of a 200 that it was too much.
func judgeTeams(a *web.Answer) (string, error) {
	if a.Err(places[:]...) != nil {
		return "", a.Err(places[:]...)
	}
	switch said := string(a.Body); {
	case strings.Contains(said, "HTTP error 429"):
		return "", actions.RetryAfter(a.Wait(), errors.New("the service Teams says that there are too many messages"))
	case strings.Contains(said, "HTTP error 4"):
		return "", actions.Permanent(actions.BlameAccount, errors.New("the service Teams does not take messages there: "+actions.Excerpt(a.Body)))
	case a.Partial != nil, strings.HasPrefix(strings.TrimSpace(said), "<"), strings.Contains(said, "delivery failed"):
		return "", odd("Teams")
	}
	return "", nil
}
