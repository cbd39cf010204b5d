package email

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/html"

	"shopbell/actions"
)

// inCSS finds an image of the message in a style.
var inCSS = regexp.MustCompile(`(?i)url\(\s*["']?(cid:[^"')\s]+)`)

// imagesIn lists the images that HTML shows out of its own message: what it names as cid:logo.png, each once, in order.
func imagesIn(source string) []string {
	if !strings.Contains(source, "cid:") {
		return nil
	}
	var all []string
	add := func(address string) {
		name, ok := strings.CutPrefix(strings.TrimSpace(address), "cid:")
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		if ok && name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	styles := func(css string) {
		for _, m := range inCSS.FindAllStringSubmatch(css, -1) {
			add(m[1])
		}
	}
	z := html.NewTokenizer(strings.NewReader(source))
	for style := false; ; {
		switch z.Next() {
		case html.ErrorToken:
			return all
		case html.TextToken:
			if style {
				styles(string(z.Text()))
			}
			style = false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			style = t.Data == "style"
			for _, a := range t.Attr {
				switch a.Key {
				case "src", "background":
					add(a.Val)
				case "style":
					styles(a.Val)
				}
			}
		}
	}
}

// embed puts the images into the message that its HTML shows.
func (s *sender) embed(m *gomail.Msg, call *actions.Call[Params]) error {
	images := imagesIn(call.Params.HTML)
	if len(images) > maxAttached {
		return actions.Permanent(actions.BlameRequest, fmt.Errorf("a message shows at most %d images of its own", maxAttached))
	}
	left := s.most
	for _, name := range images {
		content, err := s.env.ReadFile(call.Store, name, left)
		if err != nil {
			return actions.Permanent(actions.BlameRequest, fmt.Errorf("the image cid:%s: %w", name, err))
		}
		if left -= int64(len(content)); left < 0 {
			return s.tooLarge()
		}
		kind, ok := imageType(name, content)
		if !ok {
			return actions.Permanent(actions.BlameRequest, fmt.Errorf("cid:%s is not an image", name))
		}
		id := (&url.URL{Path: name}).EscapedPath()
		if err := m.EmbedReader(fileName(path.Base(name)), bytes.NewReader(content), gomail.WithFileContentID("<"+id+">"), gomail.WithFileContentType(kind)); err != nil {
			return actions.Permanent(actions.BlameRequest, fmt.Errorf("the image cid:%s: %w", name, err))
		}
	}
	return nil
}

// imageType tells what image a file holds, by what is in it: so no HTML, whoever wrote it, carries another file along.
func imageType(name string, content []byte) (gomail.ContentType, bool) {
	kind := http.DetectContentType(content)
	if strings.HasPrefix(kind, "image/") {
		return gomail.ContentType(kind), true
	}
	if strings.EqualFold(path.Ext(name), ".svg") && bytes.Contains(content[:min(len(content), 1000)], []byte("<svg")) {
		return "image/svg+xml", true
	}
	return "", false
}
